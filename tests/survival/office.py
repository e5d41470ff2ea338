"""Workspaces in which a campaign runs, for whoever wants to do something to them."""

from collections.abc import Iterator, Sequence
from itertools import count

from aggregates.command import Command
from engine.engine import Engine
from engine.reply import Request
from tests.law.story import ANN, BOB, accepted, connect, create, reserve, start

PEOPLE = 500


def open_office(engine: Engine, workspace: str) -> None:
    """Ann and Bob send to so many recipients."""
    people = [f"p{number}" for number in range(PEOPLE)]
    tell(
        engine,
        workspace,
        "opening",
        [connect(ANN), connect(BOB), create(ANN, BOB, to=people), start()],
    )


def tell(engine: Engine, workspace: str, name: str, commands: Sequence[Command]) -> None:
    """In one transaction; each is accepted."""
    requests = [
        Request(command, f"{name}-{number}", "user:test") for number, command in enumerate(commands)
    ]
    for answer in engine.execute_page(workspace, requests):
        assert answer.refusal is None, answer


def emails() -> Iterator[Command]:
    """Commands that are accepted in this order, without end: an email reserved, an email sent."""
    for number in count():
        person, send_id = f"p{number % PEOPLE}", f"email-{number}"
        sender = (ANN, BOB)[number % PEOPLE % 2]
        yield reserve(sender, person, send_id)
        yield accepted(person, send_id)
