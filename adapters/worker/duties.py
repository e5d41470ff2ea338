"""What a worker does in turns: the duties of its roles."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

import structlog

from adapters.composition.checking import background_checks, unused_credentials
from adapters.composition.mailing import mail_of
from adapters.composition.programs import Program
from adapters.worker.checks import Checking
from adapters.worker.clocks import Clocks
from adapters.worker.mailing import Mailing
from adapters.worker.notices import Deliveries
from adapters.worker.projections import Keeping
from adapters.worker.proving import Proving
from adapters.worker.relaying import Relaying
from adapters.worker.roles import Role
from adapters.worker.webhooks import WebhookDuty
from engine.ports.coordination import Membership
from projections.shipped import SHIPPED

RELAYING = 0.5
"""Seconds between two looks at the relay's process."""
MAILING = 0.25
"""Seconds between two looks for mail that is due."""
CHECKING = 0.5
"""Seconds between two looks at which background checks are due."""

WEBHOOKS = 0.25
"""Seconds between two looks for webhooks with something to deliver."""
PROVING = 1.0
"""Seconds between two checkpoints, if entries were added."""

log = structlog.get_logger("sendledger.worker")


class Duty(NamedTuple):
    """A repeated task: ``turn`` runs every ``seconds``, or sooner, when ``wait`` returns."""

    name: str
    turn: Callable[[], object]
    seconds: float
    wait: Callable[[float], object] | None = None
    wake: Callable[[], object] | None = None
    """Ends the waiting when the worker stops."""
    close: Callable[[], object] = lambda: None
    """Called after the last turn."""
    settle: Callable[[], object] = lambda: None
    """Waits until everything that turns have begun is finished."""
    due_at: Callable[[], datetime | None] = lambda: None
    """When something is due next by the store's clock, unless something happens before."""


def duties(
    program: Program, member: Membership, roles: Sequence[Role], wanted: Callable[[], bool]
) -> Sequence[Duty]:
    """The duties of these roles. A long turn ends once it is not ``wanted``. Without a way to reach
    owners, notices wait (N2)."""
    if Role.NOTICES in roles and not program.settings.tells_owners:
        log.warning("notices are issued and not delivered: neither outbox nor notice_relay is set")
        roles = [each for each in roles if each is not Role.NOTICES]
    settings = program.settings
    if settings.kafka is None:
        roles = _without(Role.RELAY, roles, "nothing is relayed: kafka is not set")
    if settings.proof_folder is None:
        roles = _without(Role.PROOF, roles, "nothing is signed: proof_folder is not set")
    return [_of(role, program, member, wanted) for role in roles]


def _of(role: Role, program: Program, member: Membership, wanted: Callable[[], bool]) -> Duty:
    settings, opened, engine = program
    match role:
        case Role.CLOCKS:
            turn, seconds = Clocks(engine, member, wanted).turn, settings.tick_interval
            return Duty(role, turn, seconds, due_at=engine.store.next_due)
        case Role.PROJECTIONS:
            keeping = Keeping(opened.store, SHIPPED, member)
            seconds = settings.projection_interval
            return Duty(role, keeping.turn, seconds, member.wait, member.wake)
        case Role.NOTICES:
            deliveries = Deliveries(program)
            return Duty(role, _alone(member, deliveries), settings.tick_interval)
        case Role.CHECKS:
            checks, tidy = background_checks(program), unused_credentials(program).delete
            checking = Checking(checks, settings.checks_at_once, wanted, tidy)
            close, settle = checking.close, checking.settle
            return Duty(role, checking.turn, CHECKING, None, None, close, settle, checks.due_at)
        case Role.MAIL:
            make = partial(mail_of, program)
            alone = lambda: member.alone_in(Role.MAIL)  # noqa: E731
            mailing = Mailing(engine, settings.mail_at_once, alone, make, wanted)
            close, settle = mailing.close, mailing.settle
            return Duty(role, mailing.turn, MAILING, None, None, close, settle, mailing.sends_at)
        case Role.RELAY:
            relaying = Relaying(settings, lambda: member.alone_in(Role.RELAY))
            return Duty(role, relaying.turn, RELAYING, close=relaying.close)
        case Role.WEBHOOKS:
            made = WebhookDuty(program, lambda: member.alone_in(Role.WEBHOOKS), wanted)
            return Duty(role, made.turn, WEBHOOKS, close=made.close, settle=made.settle)
        case Role.PROOF:
            proving = Proving(program, lambda: member.alone_in(Role.PROOF))
            return Duty(role, proving.turn, PROVING, close=proving.close)


def _without(role: Role, roles: Sequence[Role], why: str) -> Sequence[Role]:
    if list(roles) == [role]:
        log.warning(why)
    return [each for each in roles if each is not role]


def _alone(member: Membership, deliveries: Deliveries) -> Callable[[], object]:
    """A turn that delivers only in the worker that holds the role."""
    return lambda: member.alone_in(Role.NOTICES) and deliveries.turn()
