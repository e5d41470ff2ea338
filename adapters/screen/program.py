"""A program of commands: imports a command when it is called, and reports mistyped input."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, TypeVar

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import complain, errors_as_json, fail, say
from adapters.screen.where import spread

Function = TypeVar("Function", bound=Callable[..., Any])


class Place(NamedTuple):
    """Where a command or a group of commands is defined. It is imported when it is called."""

    path: str
    """``module:name``, of the command's function or the group's Typer."""
    about: str = ""
    """What a group is for. A command's own text says that, so that it is imported for help, too."""

    def find(self, called: str) -> Any:
        module, _, name = self.path.partition(":")
        found = getattr(import_module(module), name)
        if isinstance(found, typer.Typer):
            return get_command(found)
        alone = group()
        alone.command(called)(found)
        return get_command(alone)


class Group(TyperGroup):
    """Commands and groups, of which some stand in other modules."""

    places: Mapping[str, Place] = MappingProxyType({})

    def __init__(self, *about: Any, **more: Any) -> None:
        super().__init__(*about, **more)
        names: dict[str, Any] = dict.fromkeys(self.places)
        self.commands = {**names, **self.commands}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        place = self.places.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        return _Listed(cmd_name, place) if place.about else place.find(cmd_name)


class _Listed(TyperGroup):
    """A group as others list it, without the commands in it."""

    def __init__(self, name: str, place: Place) -> None:
        super().__init__(name=name, help=place.about)
        self._place = place

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> Any:
        found = self._place.find(self.name or "")
        found.help = self.help
        return found.make_context(info_name, args, *rest, **extra)


class Program(Group):
    """The root of a program. Unreadable input ends it with 2; for programs, as JSON."""

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


def program(name: str, description: str, places: Mapping[str, Place]) -> Commands:
    """The root; ``--version`` is among its options."""
    root = Commands(
        cls=type("Root", (Program,), {"places": places}),
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


def group(
    places: Mapping[str, Place] = MappingProxyType({}), *, no_args_is_help: bool = False
) -> Commands:
    """Commands about one kind of thing; those in ``places`` stand elsewhere."""
    return Commands(
        cls=type("Group", (Group,), {"places": places}),
        no_args_is_help=no_args_is_help,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
    )


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
