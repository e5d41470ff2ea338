"""Random mailings: two workers plan beside each other, and everything happens meanwhile.

Each worker follows the log when it gets to it; what it plans from an old state the law refuses.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from adapters.stores.memory import MemoryStore
from aggregates.campaign.commands import (
    RecordAccepted,
    RecordRefused,
    RecordSentFolderSearch,
    RecordUnknown,
)
from aggregates.command import Command
from aggregates.email_account.commands import ProveSentSearch
from aggregates.waiting import NotBefore
from engine.decoding import decode_page
from engine.engine import Engine
from engine.planning.planner import Planner
from engine.planning.senders import works
from engine.planning.why_not_now import Moment, why_not_now
from engine.ports.clock import ManualClock
from engine.reply import Reply
from engine.work.mailing.dispatch import Dispatch
from engine.work.mailing.inboxes import Cursor, WorkspaceInboxes
from events.campaign import SendReserved
from events.sequence import Step, Window
from events.vocabulary import RecipientStatus, RefusalFault, SearchResult, Settings, Waiting
from tests.law import story
from tests.law.story import ANN, BOB, DAY, HOUR, MINUTE, SECOND, SLOTS, SOLO, SPRING, SUMMER
from tests.proof.judge import check
from tests.proof.sending_judge import SendingJudge
from tests.proof.stories import BEGINNINGS, zones

WORKSPACE = "acme"
ACCOUNTS, CAMPAIGNS = (ANN, BOB), (SPRING, SUMMER, SOLO)
PEOPLE = tuple(f"r{number}" for number in range(1, 6))
STEPS = tuple(
    Step(name=name, after=after)
    for name, after in (("intro", timedelta()), ("nudge", HOUR), ("last", 2 * DAY))
)

accounts, campaigns, people = map(st.sampled_from, (ACCOUNTS, CAMPAIGNS, PEOPLE))
leaps = st.sampled_from((SECOND, 90 * SECOND, 20 * MINUTE, HOUR, 5 * HOUR, 26 * HOUR, 3 * DAY))
outcomes = st.sampled_from(
    ("accepted", "accepted", "accepted", "unknown", "nothing yet", *RefusalFault)
)
account_settings = st.builds(
    lambda speed, gap, zone, ramp: Settings(
        sending_speed=speed, limits={"gap": gap, **ramp}, schedule={"zone": zone}
    ),
    st.integers(1, 5),
    st.sampled_from((0, 90, 3_600)),
    zones,
    st.sampled_from(({}, {}, {"ramp_start": 1, "ramp_step": 1})),
)
sequences: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "steps": st.sampled_from((STEPS, STEPS[:2], STEPS[1:], (STEPS[0], STEPS[2]), STEPS[::-1])),
        "window": st.sampled_from(
            (
                Window(),
                Window(),
                Window(begins="01:00", ends="04:00"),
                Window(begins="22:00", ends="02:30"),
                Window(days=("sun", "mon")),
            )
        ),
        "daily_limit": st.none() | st.integers(1, 4),
        "exclusive": st.booleans(),
    }
)


class Cursors:
    """Cursors of a worker that lives as long as the story."""

    def all(self, _: str) -> Mapping[str, Cursor]:
        return {}

    def move(self, *_: object) -> None: ...

    def forget(self, *_: object) -> None: ...


class Mailing(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock(BEGINNINGS[0])
        self.store = MemoryStore(self.clock)
        self.engine = Engine(self.store)
        self.inboxes = WorkspaceInboxes(Cursors(), WORKSPACE)
        self.zones: dict[str, str] = {}
        self.told = 0

    # Telling.

    def tell(self, *commands: Command) -> Reply:
        reply = Reply("", 0)
        for command in commands:
            self.told += 1
            reply = self.engine.execute(
                WORKSPACE, command, command_id=f"command-{self.told}", actor="user:test"
            )
        return reply

    def set_sequence(self, campaign: str, told: dict[str, Any]) -> Command:
        rest = {key: each for key, each in told.items() if key != "steps"}
        return story.set_sequence(
            *told["steps"],
            campaign=campaign,
            mail_id=f"mail-{campaign}",
            zone=self.zones[campaign],
            **rest,
        )

    @initialize(
        at=st.sampled_from(BEGINNINGS),
        own=st.tuples(account_settings, account_settings),
        told=st.tuples(sequences, sequences, sequences),
        where=st.tuples(zones, zones, zones),
    )
    def an_office(self, at: datetime, own: Any, told: Any, where: Any) -> None:
        self.clock.time = at
        for account, its in zip(ACCOUNTS, own, strict=True):
            self.tell(story.connect(account, settings=its))
        self.tell(
            story.create(ANN, BOB, to=PEOPLE),
            story.create(ANN, to=PEOPLE[:3], campaign=SUMMER),
            story.create_single(SLOTS[BOB], to=PEOPLE[2:]),
        )
        for campaign, its, zone in zip(CAMPAIGNS, told, where, strict=True):
            self.zones[campaign] = zone
            self.tell(self.set_sequence(campaign, its), story.start(campaign))
        self.workers = [Dispatch(self.engine, WORKSPACE, self.inboxes) for _ in range(2)]
        self.followed = [self.store.last_position()] * 2

    # Workers.

    def catch_up(self, worker: int) -> None:
        page = list(
            decode_page(self.store.read(self.followed[worker], 10_000), self.followed[worker])
        )
        if page:
            self.workers[worker].follow(page)
            self.followed[worker] = page[-1].position

    def read_inboxes(self) -> None:
        with self.engine.look(WORKSPACE) as now:
            for account in ACCOUNTS:
                if works(now.account(account)):
                    self.inboxes.move(account, Cursor("", self.clock.time))

    def send(self, worker: int, account: str, outcome: str) -> bool:
        """One message, if one may leave; a worker in step with the log is never refused."""
        draft = self.workers[worker].next_from(account, self.store.now())
        if draft is None:
            return False
        in_step = self.followed[worker] == self.store.last_position()
        reply = self.tell(self.workers[worker].reservation(draft.plan))
        if reply.refusal is not None:
            assert not in_step, f"{draft.plan} was planned and refused: {reply.refusal}"
            self.workers[worker].refused(draft.plan)
            return False
        reserved = next(
            each.event for each in reply.recorded if isinstance(each.event, SendReserved)
        )
        self.end(reserved.campaign_id, reserved.recipient_id, reserved.send_id, outcome)
        return True

    def end(self, campaign: str, recipient: str, send_id: str, outcome: str) -> None:
        about: dict[str, Any] = {
            "campaign_id": campaign,
            "recipient_id": recipient,
            "send_id": send_id,
        }
        match outcome:
            case "nothing yet":
                pass
            case "accepted":
                self.tell(RecordAccepted(**about))
            case "unknown":
                self.tell(RecordUnknown(**about))
            case _:
                self.tell(RecordRefused(**about, fault=RefusalFault(outcome)))

    @rule(by=leaps)
    def time_passes(self, by: timedelta) -> None:
        self.clock.advance(by)

    @rule()
    def time_passes_to_what_is_planned(self) -> None:
        at = self.wakes_at()
        if at is not None:
            self.clock.time = at
            self.engine.tick(WORKSPACE, inclusive=True)

    @rule()
    def inboxes_are_read(self) -> None:
        self.read_inboxes()

    @rule(worker=st.integers(0, 1), account=accounts, outcome=outcomes)
    def a_worker_sends(self, worker: int, account: str, outcome: str) -> None:
        """Without a look at the log."""
        self.send(worker, account, outcome)

    @rule(
        worker=st.integers(0, 1),
        found=st.lists(outcomes, min_size=1, max_size=3),
        seed=st.integers(0, 9),
        reads=st.booleans(),
    )
    def a_worker_has_its_turn(
        self, worker: int, found: list[str], seed: int, *, reads: bool = True
    ) -> None:
        """All that may leave leaves, through accounts in any order."""
        self.engine.tick(WORKSPACE, inclusive=True)
        if reads:
            self.read_inboxes()
        self.catch_up(worker)
        random, again = Random(seed), True
        while again:
            again = self.finish(worker)
            for account in random.sample(ACCOUNTS, len(ACCOUNTS)):
                self.agree(account)
                outcome = random.choice(found)
                sent = self.send(worker, account, outcome)
                again |= sent and outcome != RefusalFault.ACCOUNT
                self.catch_up(worker)
        in_trouble = RefusalFault.ACCOUNT in found
        assert in_trouble or not self.waits_for("turn"), f"nothing leaves: {self.waits()}"

    def finish(self, worker: int) -> bool:
        """Some have come to the end of their sequence."""
        finished = self.workers[worker].finished()
        self.tell(*finished)
        self.catch_up(worker)
        return bool(finished)

    def agree(self, account: str) -> None:
        """Whoever is in step with the log plans what one plans who begins anew."""
        with self.engine.look(WORKSPACE) as now:
            anew = Planner(self.engine.policy)
            anew.begin(now)
            expected = anew.next_from(now, account, now.now, self.inboxes.read_until(account))
        for worker, position in zip(self.workers, self.followed, strict=True):
            if position == self.store.last_position():
                draft = worker.next_from(account, self.store.now())
                assert (draft and draft.plan) == expected
                if draft is not None:
                    worker.bring_back(draft.plan)

    # Outcomes, later.

    @rule(outcome=outcomes)
    def what_is_on_its_way_ends(self, outcome: str) -> None:
        for campaign, name, each in self.recipients():
            if each.sending is not None:
                self.end(campaign, name, each.sending.send_id, outcome)

    @rule(result=st.sampled_from(SearchResult), account=st.none() | accounts)
    def sent_folders_are_searched(self, result: SearchResult, account: str | None) -> None:
        if account is not None:
            self.tell(ProveSentSearch(account_id=account, send_id="proof"))
        for campaign, name, each in self.recipients():
            for sending in each.unknown:
                self.tell(
                    RecordSentFolderSearch(
                        campaign_id=campaign,
                        recipient_id=name,
                        send_id=sending.send_id,
                        result=result,
                    )
                )

    # What people do.

    @rule(campaign=campaigns, person=people, days=st.integers(0, 6))
    def a_recipient_is_away(self, campaign: str, person: str, days: int) -> None:
        self.tell(story.out_of_office(person, self.clock.time + days * DAY, campaign))

    @rule(
        campaign=campaigns,
        person=people,
        how=st.sampled_from(
            (RecipientStatus.REPLIED, RecipientStatus.UNSUBSCRIBED, RecipientStatus.BOUNCED)
        ),
    )
    def a_recipient_ends(self, campaign: str, person: str, how: Any) -> None:
        self.tell(*story.signal(how, person, campaign=campaign))

    @rule(person=people, suppress=st.booleans())
    def a_person_is_suppressed_or_released(self, person: str, suppress: bool) -> None:
        self.tell(story.suppress(person) if suppress else story.release(person))

    @rule(campaign=campaigns)
    def people_are_imported(self, campaign: str) -> None:
        self.tell(story.import_recipients(*PEOPLE, f"new-{self.told}", campaign=campaign))

    @rule(campaign=campaigns, told=sequences)
    def a_sequence_is_edited(self, campaign: str, told: dict[str, Any]) -> None:
        self.tell(self.set_sequence(campaign, told))

    @rule(account=accounts, told=account_settings)
    def settings_are_changed(self, account: str, told: Settings) -> None:
        self.tell(story.update_settings(account, told))

    @rule(campaign=campaigns, how=st.sampled_from((story.pause, story.resume)))
    def a_campaign_is_paused_or_resumed(self, campaign: str, how: Callable[[str], Command]) -> None:
        self.tell(how(campaign))

    @rule(account=accounts, how=st.sampled_from((story.fail, story.disconnect, story.pass_check)))
    def an_account_is_in_trouble(self, account: str, how: Callable[[str], Command]) -> None:
        self.tell(how(account))

    @rule(account=accounts, campaign=st.sampled_from((SPRING, SUMMER)), person=people)
    def a_recipient_is_assigned(self, account: str, campaign: str, person: str) -> None:
        self.tell(story.assign(person, account, campaign))

    @rule(account=accounts, campaign=st.sampled_from((SPRING, SUMMER)))
    def a_sender_is_removed(self, account: str, campaign: str) -> None:
        with self.engine.look(WORKSPACE) as now:
            held = len(now.campaign(campaign).lane(account).contacted)
        self.tell(story.remove_sender(account, held, campaign))

    @rule()
    def everything_is_mended(self) -> None:
        self.mend()

    def mend(self) -> None:
        for account in ACCOUNTS:
            self.tell(story.one_click(account), story.connect(account))
            self.tell(story.add_sender(account), story.add_sender(account, SUMMER))
        self.tell(*map(story.resume, CAMPAIGNS))

    # Asking.

    def recipients(self) -> list[tuple[str, str, Any]]:
        with self.engine.look(WORKSPACE) as now:
            return [
                (campaign.id, name, each)
                for campaign in now.campaigns()
                for name, each in sorted(campaign.recipients.items())
            ]

    def waits(self) -> dict[tuple[str, str], NotBefore | None]:
        with self.engine.look(WORKSPACE) as now:
            moment = Moment(now, now.now, self.engine.policy, self.inboxes)
            return {
                (campaign.id, name): why_not_now(moment, campaign, name)
                for campaign in now.campaigns()
                for name in campaign.recipients
            }

    def waits_for(self, reason: str) -> bool:
        return any(each is not None and each.reason == reason for each in self.waits().values())

    def wakes_at(self) -> datetime | None:
        with self.engine.look(WORKSPACE) as now:
            planner = Planner(self.engine.policy)
            planner.begin(now)
            planned = planner.wakes_at(now, now.now)
        due = self.store.next_due()
        return min(
            (each for each in (planned, due) if each and each > self.clock.time), default=None
        )

    # The end.

    def teardown(self) -> None:
        if not self.zones:
            return
        check(self.store)
        SendingJudge().read(self.log())
        self.mend()
        self.to_the_end()
        SendingJudge().read(self.log())

    def log(self) -> Any:
        return decode_page(self.store.read(0, 10_000_000), 0)

    def to_the_end(self) -> None:
        """Nobody touches anything any more: everybody ends, or waits for a person who is named."""
        turn = 0
        self.what_is_on_its_way_ends("accepted")
        self.sent_folders_are_searched(SearchResult.INCONCLUSIVE, None)
        self.a_worker_has_its_turn(0, ["accepted"], 1)
        while (at := self.wakes_at()) is not None:
            waits = self.waits()
            soonest = min((each.at for each in waits.values() if each and each.at), default=at)
            assert soonest >= at, f"who wakes at {at} misses {soonest}: {waits}"
            self.clock.time = at
            turn += 1
            assert turn < 2_000, f"there is no end: {self.waits()}"
            self.a_worker_has_its_turn(turn % 2, ["accepted"], turn)
            self.kept(waits, at)
        for campaign, name, each in self.recipients():
            wait = self.waits()[campaign, name]
            assert each.status.terminal or (wait is not None and wait.at is None), (
                campaign,
                name,
                each,
                wait,
            )

    def kept(self, promised: dict[tuple[str, str], NotBefore | None], at: datetime) -> None:
        """Nothing left before its moment; at its moment it left, or has another reason."""
        for recorded in self.log():
            event = recorded.event
            if isinstance(event, SendReserved) and event.occurred_at == at:
                wait = promised[event.campaign_id, event.recipient_id]
                assert wait is not None, event
                ended = wait.at is not None and wait.at <= at
                assert ended or wait.reason is Waiting.EXCLUSIVE, (event, wait)
        for about, wait in self.waits().items():
            before = promised[about]
            if before is not None and before.at == at and wait is not None:
                assert wait.at is None or wait.at > at, (about, before, wait)
