"""One workspace on any store, told command by command, and a history in which much happens."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import count
from pathlib import Path

from adapters.stores.opening import Opened, opened_file, opened_schema
from adapters.stores.postgres import PostgresStore
from adapters.stores.sqlite import SQLiteStore
from aggregates.command import DEFAULT_POLICY, Command, Policy
from engine.decoding import decode_page
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.ports.store import Store
from engine.reply import Reply
from events.recorded import Recorded
from events.vocabulary import RecipientStatus
from tests.law.story import (
    ANN,
    BOB,
    CLEO,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    R1,
    R2,
    R3,
    R4,
    REPLIED,
    SLOTS,
    SOLO,
    Move,
    accepted,
    add_sender,
    assign,
    attempt_notice,
    connect,
    create,
    create_single,
    disconnect,
    fail,
    hear_from,
    import_recipients,
    incident,
    one_click,
    out_of_office,
    pause,
    refused,
    request_check,
    reserve,
    resume,
    signal,
    start,
    unknown,
    user_check,
)

ACME = "acme"
R5, R6 = "r5", "r6"


class Workplace:
    """A workspace of a store. ``name`` keeps the command ids of two of them apart."""

    def __init__(
        self,
        store: Store,
        clock: ManualClock,
        policy: Policy = DEFAULT_POLICY,
        *,
        name: str = "command",
        snapshot_every: int = 20_000,
    ) -> None:
        self.store, self.clock = store, clock
        self.engine = Engine(store, policy, snapshot_every=snapshot_every)
        self._ids = (f"{name}-{number}" for number in count(1))

    def at(self, moment: datetime) -> "Workplace":
        self.clock.time = moment
        return self

    def tick(self) -> "Workplace":
        self.engine.tick(ACME, inclusive=True)
        return self

    def given(self, *moves: Move) -> "Workplace":
        """These commands are accepted, one after the other."""
        for command in _commands(moves):
            answer = self.tell(command)
            assert answer.refusal is None, f"{command} was refused: {answer.refusal}"
        return self

    def tell(self, command: Command, command_id: str | None = None) -> Reply:
        chosen = command_id or next(self._ids)
        return self.engine.execute(ACME, command, command_id=chosen, actor="user:test")

    @property
    def log(self) -> list[Recorded]:
        return log_of(self.store)


def log_of(store: Store) -> list[Recorded]:
    return list(decode_page(store.read(0, 1_000_000), 0))


def on_file(path: Path, clock: ManualClock | None = None, name: str = "command") -> Workplace:
    """A workplace on an embedded store."""
    clock = clock or ManualClock(NOON)
    return Workplace(SQLiteStore(path, clock), clock, name=name)


def opened_at(url: str, clock: ManualClock, *, read_only: bool = False) -> Opened:
    """A store of either product, with the views and what else belongs to it."""
    if url.startswith("postgresql"):
        return opened_schema(PostgresStore(url, clock, read_only=read_only))
    return opened_file(SQLiteStore(Path(url), clock, read_only=read_only))


def much_happens(workplace: Workplace) -> Workplace:
    """Both kinds of campaign, both kinds of incident, every way a recipient can end, and a stop."""
    workplace.at(NOON).given(
        connect(ANN),
        connect(BOB),
        connect(CLEO),
        create(ANN, BOB, to=[R1, R2, R3, R4, R5, R6]),
        start(),
        create_single(SLOTS[CLEO], to=[R1, R2, R3, R4]),
        start(SOLO),
        hear_from(ANN, R1, R2),
        hear_from(BOB, R3),
        hear_from(CLEO, R1, R2, R3, R4, campaign=SOLO),
        assign(R4, ANN),
        reserve(ANN, R5, "on-its-way"),
        reserve(BOB, R6, "nobody-knows"),
        unknown(R6, "nobody-knows"),
        signal(REPLIED, R2),
        signal(RecipientStatus.BOUNCED, R1, campaign=SOLO),
        signal(RecipientStatus.UNSUBSCRIBED, R2, campaign=SOLO),
        signal(RecipientStatus.FINISHED, R3, campaign=SOLO),
        out_of_office(R3, NOON + 2 * DAY),
        fail(CLEO),
        attempt_notice(CLEO, incident(CLEO), delivered=True),
        pause(),
        resume(),
        request_check(BOB, "check-1"),
        user_check(BOB, check_id="check-1"),
    )
    workplace.at(NOON + MINUTE).given(disconnect(ANN))
    workplace.at(NOON + 2 * HOUR).tick().given(
        accepted(R5, "on-its-way"),
        connect(ANN),
        add_sender(ANN),
        resume(),
        signal(REPLIED, R1),
    )
    refusal = workplace.tell(import_recipients(R1, "r7")).refusal
    assert refusal is not None
    assert refusal.code == "recipient_stopped"
    workplace.given(reserve(ANN, "r7", "refused-once"), refused("r7", "refused-once"))
    workplace.at(NOON + DAY).given(fail(BOB))
    return workplace.at(NOON + 2 * DAY + HOUR).tick().given(one_click(BOB))


def _commands(moves: Iterable[Move]) -> Iterator[Command]:
    for move in moves:
        if isinstance(move, Command):
            yield move
        else:
            yield from move
