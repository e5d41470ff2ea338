"""The options of almost every command, as one parameter ``at``.

A command whose function takes ``at: Where`` has ``--store``, ``--workspace`` and ``--json``.
"""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Any, NamedTuple

from adapters.screen.options import Json, Store, Workspace
from adapters.screen.output import print_json, say
from adapters.screen.reading import Zone

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "store": (Store, None),
    "workspace": (Workspace, None),
    "_zone": (Zone, None),
    "as_json": (Json, False),
}
"""Annotation and default by name."""


class _Given(NamedTuple):
    store: str | None = None
    workspace: str | None = None
    as_json: bool = False


class Where(_Given):
    """The store and the workspace that a command is about, and the form of its answer."""

    OPTIONS: tuple[str, ...] = ("store", "workspace", "as_json")

    def tell(self, value: Any, *sentences: str) -> None:
        """Print the answer: ``value`` for a program, the sentences for a person, one per line."""
        if self.as_json:
            print_json(value)
            return
        for sentence in sentences:
            say(sentence)


class Zoned(Where):
    """The same for a command that shows times, in the zone of ``--zone``."""

    OPTIONS = tuple(_OPTIONS)


class WholeStore(Where):
    """A command about the store as a whole: no ``--workspace``."""

    OPTIONS = ("store", "as_json")


def spread(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command, with the options of its ``at`` as separate parameters in its place."""
    asked = signature(command)
    at = asked.parameters.get("at")
    if at is None:
        return command
    kind: type[Where] = at.annotation
    options = [
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        for name, (annotation, default) in _OPTIONS.items()
        if name in kind.OPTIONS
    ]

    @wraps(command)
    def spelled_out(**given: Any) -> Any:
        common = {each.name: given.pop(each.name) for each in options}
        common.pop("_zone", None)
        return command(**given, at=kind(**common))

    own = [each for name, each in asked.parameters.items() if name != "at"]
    plain = [each.replace(kind=Parameter.KEYWORD_ONLY) for each in own]
    vars(spelled_out)["__signature__"] = asked.replace(parameters=[*plain, *options])
    return spelled_out
