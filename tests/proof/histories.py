"""Random histories: several accounts, campaigns and people, and time that leaps.

One set of rules, told to the real engine in memory; each proof asks something else of what was
told. The rules look at the workspace to tell things that make sense, and often tell what does not.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from adapters.stores.memory import MemoryStore
from aggregates.campaign import Campaign
from aggregates.command import DEFAULT_POLICY, Command, Policy
from aggregates.email_account import EmailAccount
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.ports.store import Store
from events.recorded import Recorded
from events.vocabulary import FailureClass, RecipientStatus, RefusalFault, Signal
from tests.law.story import (
    ANN,
    BOB,
    CLEO,
    DAY,
    HOLD_SENDER,
    HOUR,
    MICROSECOND,
    MINUTE,
    NOON,
    R1,
    R2,
    R3,
    R4,
    SECOND,
    SLOTS,
    SOLO,
    SPRING,
    SUMMER,
    accepted,
    add_sender,
    assign,
    connect,
    create,
    create_single,
    disconnect,
    fail,
    import_recipients,
    one_click,
    out_of_office,
    pass_check,
    pause,
    refused,
    remove_sender,
    request_check,
    reserve,
    resume,
    search_sent_folder,
    signal,
    start,
    unknown,
    user_check,
)
from tests.proof.judge import read_log

WORKSPACE = "acme"
ACCOUNTS, CAMPAIGNS, PEOPLE = (ANN, BOB, CLEO), (SPRING, SUMMER, SOLO), (R1, R2, R3, R4)
THE_END = timedelta(days=40)

accounts = st.sampled_from(ACCOUNTS)
campaigns = st.sampled_from((SPRING, SPRING, SUMMER, SOLO))
people = st.sampled_from(PEOPLE)
found = st.sampled_from((FailureClass.AUTH_REVOKED, FailureClass.UNREACHABLE))
endings: st.SearchStrategy[Signal] = st.sampled_from(
    (RecipientStatus.REPLIED, RecipientStatus.BOUNCED, RecipientStatus.UNSUBSCRIBED)
)
leaps = st.sampled_from(
    (MICROSECOND, SECOND, 59 * SECOND, 20 * MINUTE, HOUR, 26 * HOUR, 3 * DAY, 9 * DAY)
)
around = st.sampled_from((-MICROSECOND, timedelta(0), MICROSECOND, 30 * SECOND))
policies = st.sampled_from((DEFAULT_POLICY, HOLD_SENDER))


class Told(NamedTuple):
    """One command of a history, at its moment; None is a worker's turn."""

    at: datetime
    command: Command | None


class Histories(RuleBasedStateMachine):
    """Tells a history and keeps it in ``told``. What it proves is in ``teardown``."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Told] = []
        self.policy = DEFAULT_POLICY
        self.clock = ManualClock(NOON)
        self.store = MemoryStore(self.clock)
        self.engine = Engine(self.store)

    # Telling.

    def tell(self, *commands: Command) -> None:
        for command in commands:
            command_id = f"command-{len(self.told)}"
            self.told.append(Told(self.clock.time, command))
            self.engine.execute(WORKSPACE, command, command_id=command_id, actor="user:test")

    def tick(self) -> None:
        self.told.append(Told(self.clock.time, None))
        self.engine.tick(WORKSPACE)

    def campaign(self, name: str) -> Campaign:
        with self.engine.look(WORKSPACE) as workspace:
            return workspace.campaign(name)

    # What may happen.

    @initialize(policy=policies)
    def an_office(self, policy: Policy) -> None:
        self.policy = policy
        self.engine = Engine(self.store, policy)
        self.tell(connect(ANN), connect(BOB), create(ANN, BOB, to=PEOPLE), start())
        self.tell(create(ANN, to=(R1, R2), campaign=SUMMER), start(SUMMER))
        self.tell(create_single(SLOTS[BOB], to=(R1,)), start(SOLO))
        self.emails(ANN, [R1, R2, R3])

    @rule(by=leaps)
    def time_passes(self, by: timedelta) -> None:
        self.clock.advance(by)

    @rule(off=around)
    def time_passes_to_what_is_due(self, off: timedelta) -> None:
        due = self.store.next_due()
        if due is not None:
            self.clock.time = max(self.clock.time, due + off)

    @rule()
    def a_worker_has_its_turn(self) -> None:
        self.tick()

    @rule(account=accounts, found=found, asked_by=st.sampled_from((fail, user_check)))
    def a_check_fails(
        self, account: str, found: FailureClass, asked_by: Callable[[str, FailureClass], Command]
    ) -> None:
        self.tell(asked_by(account, found))

    @rule(account=accounts, check=st.sampled_from((pass_check, user_check, one_click)))
    def a_check_passes(self, account: str, check: Callable[[str], Command]) -> None:
        self.tell(check(account))

    @rule(account=accounts, reason=st.sampled_from(("identity_mismatch", "still_failing")))
    def a_one_click_reconnect_is_refused(self, account: str, reason: str) -> None:
        self.tell(one_click(account, reason))

    @rule(account=accounts)
    def a_user_asks_for_a_check(self, account: str) -> None:
        self.tell(request_check(account, f"check-{account}"))

    @rule(account=accounts, passes=st.booleans())
    def the_check_asked_for_ends(self, account: str, passes: bool) -> None:
        result = None if passes else FailureClass.AUTH_REVOKED
        self.tell(user_check(account, result, check_id=f"check-{account}"))

    @rule(account=accounts)
    def an_account_is_disconnected(self, account: str) -> None:
        self.tell(disconnect(account))

    @rule(account=accounts, slot=st.sampled_from((None, None, SLOTS[BOB])))
    def an_account_is_connected(self, account: str, slot: str | None) -> None:
        self.tell(connect(account, slot))

    @rule(account=accounts, other=accounts)
    def another_account_takes_the_slot(self, account: str, other: str) -> None:
        self.tell(disconnect(account), disconnect(other), connect(other, SLOTS[account]))
        self.tell(resume(SOLO))

    @rule(account=accounts, meanwhile=leaps)
    def a_one_click_reconnect_and_everything_resumed(
        self, account: str, meanwhile: timedelta
    ) -> None:
        self.clock.advance(meanwhile)
        self.tell(one_click(account), *map(resume, CAMPAIGNS))

    @rule(account=accounts, meanwhile=leaps)
    def a_two_step_reconnect_and_everything_resumed(
        self, account: str, meanwhile: timedelta
    ) -> None:
        self.tell(disconnect(account))
        self.clock.advance(meanwhile)
        self.tell(connect(account), add_sender(account), add_sender(account, SUMMER))
        self.tell(*(resume(campaign, without=ACCOUNTS) for campaign in CAMPAIGNS))

    @rule(account=accounts, campaign=campaigns)
    def a_sender_is_added(self, account: str, campaign: str) -> None:
        self.tell(add_sender(account, campaign))

    @rule(account=accounts, campaign=campaigns)
    def a_sender_is_removed(self, account: str, campaign: str) -> None:
        held = len(self.campaign(campaign).lane(account).contacted)
        self.tell(remove_sender(account, held, campaign))

    @rule(campaign=campaigns, knowingly=st.booleans())
    def a_campaign_is_resumed(self, campaign: str, knowingly: bool) -> None:
        self.tell(resume(campaign, without=ACCOUNTS if knowingly else ()))

    @rule(campaign=campaigns)
    def a_campaign_is_paused(self, campaign: str) -> None:
        self.tell(pause(campaign))

    @rule(account=accounts, campaign=campaigns, person=people)
    def a_send_is_reserved(self, account: str, campaign: str, person: str) -> None:
        sender = self._sender(campaign, person) or account
        self.tell(reserve(sender, person, f"send-{len(self.told)}", campaign))

    @rule(account=accounts, campaign=campaigns)
    def sends_to_everybody_are_reserved(self, account: str, campaign: str) -> None:
        for person in PEOPLE:
            self.a_send_is_reserved(account, campaign, person)

    @rule(
        account=accounts,
        campaign=campaigns,
        trouble=st.sampled_from((None, fail, disconnect)),
        meanwhile=leaps,
        outcome=st.sampled_from((accepted, unknown, refused)),
    )
    def trouble_comes_while_a_first_email_is_on_its_way(
        self,
        account: str,
        campaign: str,
        trouble: Callable[[str], Command] | None,
        meanwhile: timedelta,
        outcome: Callable[..., Command],
    ) -> None:
        newcomer, send_id = f"new-{len(self.told)}", f"send-{len(self.told)}"
        self.tell(add_sender(account, campaign), resume(campaign, without=ACCOUNTS))
        self.tell(import_recipients(newcomer, campaign=campaign))
        self.tell(reserve(account, newcomer, send_id, campaign))
        if trouble is not None:
            self.tell(trouble(account))
        self.clock.advance(meanwhile)
        self.tell(outcome(newcomer, send_id, campaign=campaign))

    @rule(found=st.booleans())
    def the_sent_folder_is_searched(self, found: bool) -> None:
        for person, known in sorted(self.campaign(SPRING).recipients.items()):
            for sending in known.unknown:
                self.tell(search_sent_folder(person, sending.send_id, found=found))

    @rule(
        campaign=campaigns,
        outcome=st.sampled_from((accepted, accepted, unknown, refused)),
        fault=st.sampled_from(RefusalFault),
    )
    def the_sends_on_their_way_end(
        self, campaign: str, outcome: Callable[..., Command], fault: RefusalFault
    ) -> None:
        more = {"fault": fault} if outcome is refused else {}
        for person, send_id in self._on_their_way(campaign):
            self.tell(outcome(person, send_id, campaign=campaign, **more))

    @rule(account=accounts, campaign=campaigns, person=people)
    def an_email_is_sent(self, account: str, campaign: str, person: str) -> None:
        self.emails(self._sender(campaign, person) or account, [person], campaign)

    @rule(campaign=campaigns, person=people, ending=endings)
    def a_recipient_ends(self, campaign: str, person: str, ending: Signal) -> None:
        self.tell(*signal(ending, person, campaign=campaign))

    @rule(campaign=campaigns)
    def everybody_comes_to_the_end_of_the_sequence(self, campaign: str) -> None:
        everyone = sorted(self.campaign(campaign).recipients)
        self.tell(*signal(RecipientStatus.FINISHED, *everyone, campaign=campaign))

    @rule(campaign=campaigns, person=people, days=st.integers(0, 12))
    def a_recipient_is_out_of_office(self, campaign: str, person: str, days: int) -> None:
        self.tell(out_of_office(person, self.clock.time + days * DAY, campaign))

    @rule(campaign=campaigns, account=accounts, person=people)
    def a_recipient_is_assigned(self, campaign: str, account: str, person: str) -> None:
        self.tell(assign(person, account, campaign))

    @rule(campaign=campaigns, people=st.lists(people, max_size=2))
    def people_are_imported(self, campaign: str, people: list[str]) -> None:
        self.tell(import_recipients(*people, f"new-{len(self.told)}", campaign=campaign))

    def emails(self, account: str, people: Sequence[str], campaign: str = SPRING) -> None:
        for person in people:
            send_id = f"send-{len(self.told)}"
            self.tell(
                reserve(account, person, send_id, campaign), accepted(person, send_id, campaign)
            )

    def _sender(self, campaign: str, person: str) -> str | None:
        """Who may write to this person; None leaves it to chance."""
        known = self.campaign(campaign).recipients.get(person)
        return known.sender if known else None

    def _on_their_way(self, campaign: str) -> list[tuple[str, str]]:
        everyone = self.campaign(campaign).recipients.items()
        return [(name, each.sending.send_id) for name, each in sorted(everyone) if each.sending]

    # Telling it again.

    def retold(self, engine: Engine, clock: ManualClock, *, ticks: bool = True) -> Engine:
        """The same history to another engine, ids and all."""
        for number, (at, command) in enumerate(self.told):
            clock.time = at
            if command is not None:
                command_id = f"command-{number}"
                engine.execute(WORKSPACE, command, command_id=command_id, actor="user:test")
            elif ticks:
                engine.tick(WORKSPACE)
        clock.time = self.clock.time
        return engine

    def retold_punctually(self) -> Engine:
        """The same commands, and a worker that is there whenever something falls due."""
        clock = ManualClock(NOON)
        engine = Engine(MemoryStore(clock), self.policy)
        for number, (at, command) in enumerate(self.told):
            ticks_before(engine, clock, at)
            clock.time = at
            if command is not None:
                command_id = f"command-{number}"
                engine.execute(WORKSPACE, command, command_id=command_id, actor="user:test")
        ticks_before(engine, clock, NOON + 10 * THE_END)
        return engine


def ticks_before(engine: Engine, clock: ManualClock, moment: datetime) -> None:
    """Whenever something falls due before the moment, exactly then."""
    while (due := engine.store.next_due()) is not None and due < moment:
        clock.time = max(due, clock.time)
        engine.tick(WORKSPACE, inclusive=True)


def stored(store: Store) -> Any:
    """Byte for byte what is in the log."""
    page = store.read(0, 10_000_000)
    return list(page.rows), list(page.envelopes)


def states(engine: Engine) -> dict[str, EmailAccount | Campaign]:
    """Every account and campaign as the engine would decide on it now."""
    with engine.look(WORKSPACE) as workspace:
        return {
            **{name: workspace.account(name) for name in ACCOUNTS},
            **{name: workspace.campaign(name) for name in CAMPAIGNS},
        }


def log_of(engine: Engine) -> list[Recorded]:
    return read_log(engine.store)
