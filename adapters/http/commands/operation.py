"""What an operation is: its path, who may ask for it, its body, and how it is carried out."""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict

from adapters.http.commands.keys import Key
from adapters.http.site import Site
from aggregates.command import Command
from engine.command_context import Look
from engine.engine import Engine
from engine.reply import Reply
from engine.work.permissions import Act, Caller

Told = dict[str, Any]


class Body(BaseModel):
    """The body of a request, as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Asked(NamedTuple):
    """A checked request and its caller; without a key, it asks only for a preview."""

    site: Site
    caller: Caller
    workspace: str
    names: Mapping[str, str]
    """The names in the path."""
    body: Any
    what: str
    """The digest of the whole request."""
    key: Key
    token: str | None = None
    """The token of the preview that is confirmed."""
    tag: str | None = None
    """The header ``If-Match``."""

    @property
    def engine(self) -> Engine:
        return self.site.program.engine

    @property
    def actor(self) -> str:
        return f"user:{self.caller.name}"

    def do(self, command: Command, *step: str) -> Reply:
        """Decide one of several steps; each has a name of its own."""
        found = self.engine.execute(
            self.workspace, command, command_id=self.key.step(*step), actor=self.actor
        )
        return self.engine.retold(self.workspace, found)


class Progress(Protocol):
    """What was noted of a request of several steps, by any process; None at the beginning."""

    @property
    def noted(self) -> Told | None: ...

    def note(self, told: Told) -> None: ...


class Preview(NamedTuple):
    """``shown`` answers what would happen; None where nothing can be shown, so that the law may
    refuse with its reason. What is ``passing`` in it, such as a time counted from now, may differ
    when it is confirmed. ``wanted`` answers whether this request must be confirmed at all.
    ``beside`` is shown in addition, and is not confirmed."""

    shown: Callable[[Asked, Look], Told | None]
    passing: frozenset[str] = frozenset()
    wanted: Callable[[Asked, Look], bool] = lambda _asked, _now: True
    beside: Callable[[Asked], Told] = lambda _asked: {}


def tag_of(told: Told | None) -> str:
    """The entity tag: the same for the same value, whoever the caller is."""
    octets = json.dumps(told, sort_keys=True).encode("utf-8", "surrogatepass")
    return f'"{sha256(octets).hexdigest()[:32]}"'


class Operation(NamedTuple):
    """Either one step, which ``command`` builds, or several, which ``steps`` carries out."""

    name: str
    path: str
    summary: str
    act: Act
    body: type[Body] = Body
    method: str = "POST"
    command: Callable[[Asked, Look | None], Command] | None = None
    """The look is given where something is ``edited``."""
    steps: Callable[[Asked, Progress], Told] | None = None
    preview: Preview | None = None
    edited: Callable[[Mapping[str, str], Look], Told | None] | None = None
    """The value that is edited, as it is now; None if it does not exist."""
    afterwards: Callable[[Asked, Reply], object] | None = None
    """What follows the decision; doing it twice must be harmless."""
