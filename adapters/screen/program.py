"""A program of commands: loads a group only when it is used, and reports mistyped input."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import complain, errors_as_json, fail, say
from adapters.screen.where import spread

Function = TypeVar("Function", bound=Callable[..., Any])


class Program(TyperGroup):
    """The root of a program. Unreadable input ends it with 2; for programs, as JSON."""

    later: Mapping[str, str] = MappingProxyType({})
    """Command to the module whose function ``command`` it is, imported when it is asked for."""

    def __init__(self, *about: Any, **more: Any) -> None:
        super().__init__(*about, **more)
        names: dict[str, Any] = dict.fromkeys(self.later)
        self.commands = {**names, **self.commands}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        module = self.later.get(cmd_name)
        if module is None:
            return super().get_command(ctx, cmd_name)
        alone = group()
        alone.command(cmd_name)(import_module(module).command)
        return get_command(alone)

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> Any:
        errors_as_json.set("--json" in args)
        _require_utf8(args)
        with _told():
            return super().make_context(info_name, args, *rest, **extra)

    def invoke(self, ctx: Any) -> Any:
        with _told():
            return super().invoke(ctx)


class Commands(typer.Typer):
    """Commands whose functions can take the options they share as one parameter, ``at``."""

    def command(self, *about: Any, **more: Any) -> Callable[[Function], Function]:
        return _spreading(super().command(*about, **more))

    def callback(self, *about: Any, **more: Any) -> Callable[[Function], Function]:
        return _spreading(super().callback(*about, **more))


def _spreading(register: Callable[[Any], Any]) -> Callable[[Function], Function]:
    def registered(function: Function) -> Function:
        register(spread(function))
        return function

    return registered


def program(
    name: str, description: str, later: Mapping[str, str] = MappingProxyType({})
) -> Commands:
    """The root; ``--version`` is among its options."""
    root = Commands(
        cls=type("Root", (Program,), {"later": later}),
        name=name,
        help=description,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    @root.callback(invoke_without_command=True)
    def options(
        show_version: Annotated[
            bool, typer.Option("--version", help="Print the version.", is_eager=True)
        ] = False,
    ) -> None:
        if show_version:
            from importlib.metadata import version

            say(f"{name} {version('sendledger')}")
            raise typer.Exit

    return root


def group(*, no_args_is_help: bool = False) -> Commands:
    """Commands about one kind of thing."""
    return Commands(
        no_args_is_help=no_args_is_help,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
    )


def later(module: str, description: str) -> typer.Typer:
    """The group ``module.app``, which is imported when one of its commands is called."""

    class Group(TyperGroup):
        def make_context(self, *args: Any, **extra: Any) -> Any:
            found = get_command(import_module(module).app)
            found.help = self.help
            return found.make_context(*args, **extra)

    return typer.Typer(cls=Group, help=description, callback=lambda: None)


def _require_utf8(args: Sequence[str]) -> None:
    for number, each in enumerate(args, start=1):
        try:
            each.encode()
        except UnicodeEncodeError:
            fail(f"Argument {number} is not UTF-8: {each}.", EXIT_UNREADABLE, code="not_utf8")


@contextmanager
def _told() -> Iterator[None]:
    """Report Typer's own errors in our form."""
    try:
        yield
    except TyperException as error:
        context = getattr(error, "ctx", None)
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stderr.write(f"{error.message}\n")
        elif context is None or errors_as_json.get():
            complain(error.format_message(), error.exit_code, "usage")
        else:
            hint = f"Try '{context.command_path} --help' for help."
            complain(
                [*context.get_usage().splitlines(), hint, f"Error: {error.format_message()}"],
                error.exit_code,
            )
        raise typer.Exit(error.exit_code) from error
