"""The simulated mail server of ``sending: auto``: it accepts everything unless told otherwise.

Inboxes are read all the time, except if the story has one silent, its account is not connected, or
no worker runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.scenario import steps
from adapters.scenario.commands import MAIL, OUTCOMES
from adapters.scenario.reader import Step
from aggregates.campaign.commands import (
    FinishRecipient,
    RecordRefused,
    RecordSentFolderSearch,
    ReserveStep,
)
from aggregates.command import Command
from aggregates.waiting import NotBefore
from engine.command_context import Neighbours
from engine.decoding import decode_page
from engine.engine import Engine
from engine.planning.planner import Plan, Planner
from engine.planning.senders import works
from engine.planning.why_not_now import Moment, why_not_now
from engine.reply import Reply
from events.campaign import SendReserved
from events.email_account import AccountConnected
from events.vocabulary import AccountId, CampaignId, RecipientId, SearchResult

PAGE = 100_000
Waits = Mapping[CampaignId, Mapping[RecipientId, NotBefore | None]]


class Sending:
    """Sends whatever is due in the workspace. Implements the planner's ``Inboxes``."""

    def __init__(self, engine: Engine, workspace: str, script: Sequence[Step]) -> None:
        self._engine, self._workspace = engine, workspace
        self._planner = Planner(engine.policy)
        self._position = self._commands = 0
        self._accounts: dict[AccountId, None] = {}
        self._read: dict[AccountId, datetime] = {}
        self._silent: dict[AccountId, datetime] = {}
        """Inboxes that cannot be read, and until when."""
        self._fates: dict[tuple[CampaignId, RecipientId], str] = {}
        """The outcome of the next message to each recipient."""
        self._searches = [each for each in script if each.name == "sent_searched"]
        self._stirred = True
        """Whether a step was executed since the last turn."""

    # Called by the planner.

    def read_until(self, account_id: AccountId) -> datetime | None:
        return self._read.get(account_id)

    def read_again(self, account_id: AccountId) -> datetime | None:
        return self._silent.get(account_id)

    # Called for the story's steps.

    def before(self, step: Step, *, down: bool) -> None:
        """Note that a step is about to be executed: inboxes were read until now."""
        self._stirred = True
        if not down:
            self._read_inboxes(step.at)

    def takes(self, step: Step) -> bool:
        """Whether the step is about the server, so that it has no command of its own."""
        match step.arguments:
            case steps.InboxSilent(account=account):
                assert step.until is not None
                self._silent[account] = max(step.until, self._silent.get(account, step.until))
                return True
            case steps.Email(campaign=campaign, recipient=recipient):
                with self._engine.look(self._workspace) as now:
                    planned = now.campaign(campaign).sequence is not None
                if planned:
                    self._fates[campaign, recipient] = step.name
                return planned
            case _:
                return False

    # Called as time passes.

    def wakes_at(self, now: datetime) -> datetime | None:
        """When something may be sent or a sequence may end; ``now`` itself after a new step."""
        if self._stirred:
            return now
        with self._engine.look(self._workspace) as workspace:
            planned = self._planner.wakes_at(workspace, now)
        ends = (each for each in self._silent.values() if each > now)
        return min((each for each in (planned, *ends) if each is not None), default=None)

    def turn(self, at: datetime) -> None:
        """Send and finish everything that is due."""
        self._stirred = False
        self._read_inboxes(at)
        while (command := self._next(at)) is not None:
            reply = self._execute(command)
            if isinstance(command, ReserveStep):
                self._deliver(reply, at)

    def waits(self, at: datetime) -> Waits:
        """Why nothing is sent to each recipient at that moment."""
        with self._engine.look(self._workspace) as workspace:
            moment = Moment(workspace, at, self._engine.policy, self)
            return {
                campaign.id: {
                    each: why_not_now(moment, campaign, each) for each in campaign.recipients
                }
                for campaign in workspace.campaigns()
            }

    def _read_inboxes(self, at: datetime) -> None:
        with self._engine.look(self._workspace) as workspace:
            self._follow(workspace)
            for account_id in self._accounts:
                silent = self._silent.get(account_id, at) > at
                if not silent and works(workspace.account(account_id)):
                    self._read[account_id] = at

    def _next(self, at: datetime) -> Command | None:
        with self._engine.look(self._workspace) as workspace:
            self._follow(workspace)
            for ending in self._planner.endings(workspace, at, self):
                return FinishRecipient(
                    campaign_id=ending.campaign_id,
                    recipient_id=ending.recipient_id,
                    inbox_read_until=ending.inbox_read_until,
                )
            for account_id in self._planner.senders(workspace):
                read_until = self.read_until(account_id)
                plan = self._planner.next_from(workspace, account_id, at, read_until)
                if plan is not None:
                    return self._reservation(plan)
        return None

    def _follow(self, workspace: Neighbours) -> None:
        store = self._engine.store
        while page := list(decode_page(store.read(self._position, PAGE), self._position)):
            events = [each.event for each in page]
            self._planner.follow(workspace, events)
            self._accounts.update(
                {each.account_id: None for each in events if isinstance(each, AccountConnected)}
            )
            self._position = page[-1].position

    def _reservation(self, plan: Plan) -> ReserveStep:
        return ReserveStep(
            campaign_id=plan.campaign_id,
            recipient_id=plan.recipient_id,
            account_id=plan.account_id,
            step=plan.step,
            inbox_read_until=self.read_until(plan.account_id),
        )

    def _deliver(self, reply: Reply, at: datetime) -> None:
        reserved = next(e.event for e in reply.recorded if isinstance(e.event, SendReserved))
        about = reserved.campaign_id, reserved.recipient_id
        fate = self._fates.pop(about, "email_accepted")
        outcome = OUTCOMES[fate](
            campaign_id=reserved.campaign_id,
            recipient_id=reserved.recipient_id,
            send_id=reserved.send_id,
        )
        if isinstance(outcome, RecordRefused):
            outcome = replace(outcome, address_unknown=True)
        self._execute(outcome)
        if fate == "email_unknown" and not self._is_searched_later(*about, at):
            self._execute(
                RecordSentFolderSearch(
                    campaign_id=reserved.campaign_id,
                    recipient_id=reserved.recipient_id,
                    send_id=reserved.send_id,
                    result=SearchResult.INCONCLUSIVE,
                )
            )

    def _is_searched_later(self, campaign: str, recipient: str, at: datetime) -> bool:
        return any(
            each.at > at
            and isinstance(each.arguments, steps.SentSearched)
            and (each.arguments.campaign, each.arguments.recipient) == (campaign, recipient)
            for each in self._searches
        )

    def _execute(self, command: Command) -> Reply:
        """Execute a planned command. A refusal is a mistake of the planner."""
        self._commands += 1
        reply = self._engine.execute(
            self._workspace, command, command_id=f"sending-{self._commands}", actor=MAIL
        )
        if reply.refusal is not None:
            raise AssertionError(f"{command} was planned and refused: {reply.refusal}")
        return reply
