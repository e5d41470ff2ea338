"""What an operation is: where it is asked for, by whom, with what, and how it is carried out."""

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
    """What a request brings, as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Asked(NamedTuple):
    """Who asks for what, checked; without a key, only a preview is asked for."""

    site: Site
    caller: Caller
    workspace: str
    names: Mapping[str, str]
    """Those in the path."""
    body: Any
    what: str
    """Digest of all that is asked."""
    key: Key
    token: str | None = None
    """Of the preview that is confirmed."""
    tag: str | None = None
    """``If-Match``."""

    @property
    def engine(self) -> Engine:
        return self.site.program.engine

    @property
    def actor(self) -> str:
        return f"user:{self.caller.name}"

    def do(self, command: Command, *step: str) -> Reply:
        """Have one of several steps decided; each has a name of its own."""
        found = self.engine.execute(
            self.workspace, command, command_id=self.key.step(*step), actor=self.actor
        )
        return self.engine.retold(self.workspace, found)


class Progress(Protocol):
    """What was noted of a request of several steps by whoever began it; None at the beginning."""

    @property
    def noted(self) -> Told | None: ...

    def note(self, told: Told) -> None: ...


class Preview(NamedTuple):
    """``shown`` tells what would happen; None where there is nothing to tell, so that the law may
    say why not. What is ``passing`` in it, as a time counted from now, may differ when it is
    confirmed. ``wanted``: must this request be confirmed at all? ``beside`` is told, not confirmed.
    """

    shown: Callable[[Asked, Look], Told | None]
    passing: frozenset[str] = frozenset()
    wanted: Callable[[Asked, Look], bool] = lambda _asked, _now: True
    beside: Callable[[Asked], Told] = lambda _asked: {}


def tag_of(told: Told | None) -> str:
    """The entity tag: the same for the same value, whoever asks."""
    octets = json.dumps(told, sort_keys=True).encode("utf-8", "surrogatepass")
    return f'"{sha256(octets).hexdigest()[:32]}"'


class Operation(NamedTuple):
    """Of one step, which ``command`` builds; or of several, which ``steps`` takes."""

    name: str
    path: str
    summary: str
    act: Act
    body: type[Body] = Body
    method: str = "POST"
    command: Callable[[Asked, Look | None], Command] | None = None
    """The look is there for what is ``edited``."""
    steps: Callable[[Asked, Progress], Told] | None = None
    preview: Preview | None = None
    edited: Callable[[Mapping[str, str], Look], Told | None] | None = None
    """The value that is edited, as it is now; None where it is not there."""
    afterwards: Callable[[Asked, Reply], object] | None = None
    """What may be done twice, once it was decided."""
