"""What may be done to recipients: record a signal, suppress, release, forget."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from adapters.http.commands.accounts import Address, Name
from adapters.http.commands.operation import Asked, Body, Operation, Preview, Progress, Told
from adapters.http.commands.performing import insist
from adapters.http.problems import NotFound, Problem
from aggregates.campaign.commands import (
    AssignRecipient,
    RecordAutoReply,
    RecordComplaint,
    RecordSignal,
)
from aggregates.command import Command
from aggregates.recipient import ForgetRecipient
from aggregates.suppressions import ReleaseDomain, ReleasePerson
from engine.answers.workspace_answers import RecipientAnswer
from engine.command_context import Look
from engine.work.addresses import domain_named, normalised, recipient_problem
from engine.work.forgetting import Forgetters, forget
from engine.work.permissions import Act
from engine.work.ports import Person
from engine.work.suppressing import Suppressing
from events.vocabulary import RecipientStatus, Signal, SuppressedBecause, instant_text


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is before the first year of our calendar, or too late") from None


class Away(Body):
    until: Annotated[AwareDatetime, AfterValidator(_in_utc)] | None = None
    """Nothing is sent before this moment (M5)."""


class Assigned(Body):
    account_id: Address


class Suppressed(Body):
    who: Name
    """An address, a recipient's id, or a domain."""
    because: SuppressedBecause = SuppressedBecause.OPERATOR


class Released(Body):
    who: Name
    reason: Annotated[str, Field(max_length=1_000)]
    """Kept for ever; contains no address."""


def recipient_of(asked: Asked, name: str) -> str:
    """The id of the recipient with that id or address; the law refuses an id that nobody knows."""
    directory = asked.site.program.opened.directory
    if "@" not in name:
        return name
    return directory.recipient_at(asked.workspace, normalised(name)) or name


def _about(asked: Asked) -> tuple[str, str]:
    return asked.names["campaign_id"], recipient_of(asked, asked.names["recipient_id"])


def _signal(signal: Signal) -> Callable[[Asked, Look | None], Command]:
    def command(asked: Asked, _: Look | None) -> Command:
        campaign_id, recipient_id = _about(asked)
        return RecordSignal(campaign_id=campaign_id, recipient_id=recipient_id, signal=signal)

    return command


def _complaint(asked: Asked, _: Look | None) -> Command:
    campaign_id, recipient_id = _about(asked)
    return RecordComplaint(campaign_id=campaign_id, recipient_id=recipient_id)


def _away(asked: Asked, _: Look | None) -> Command:
    until: datetime | None = asked.body.until
    campaign_id, recipient_id = _about(asked)
    return RecordAutoReply(campaign_id=campaign_id, recipient_id=recipient_id, until=until)


def _assign(asked: Asked, _: Look | None) -> Command:
    campaign_id, recipient_id = _about(asked)
    return AssignRecipient(
        campaign_id=campaign_id, recipient_id=recipient_id, account_id=asked.body.account_id
    )


def suppressing(
    asked: Asked, because: SuppressedBecause = SuppressedBecause.OPERATOR
) -> Suppressing:
    opened, new_id = asked.site.program.opened, asked.key.new_ids()
    return Suppressing(
        asked.engine, opened.directory, asked.workspace, asked.actor, new_id, because
    )


def suppress(asked: Asked, _: Progress) -> Told:
    job, who = suppressing(asked, asked.body.because), asked.body.who
    recipient_id, domain = named(asked, who)
    if domain is not None:
        new = job.domains([domain])
    elif recipient_id is not None:
        new = job.people([recipient_id])
    else:
        new = job.run([(1, Person(normalised(who)))]).people
    return {"suppressed": True, "new": bool(new)}


def named(asked: Asked, who: str) -> tuple[str | None, str | None]:
    """A recipient's id or a domain; neither for an address that is not known yet."""
    directory = asked.site.program.opened.directory
    if "@" in who.strip().lstrip("@"):
        problem = recipient_problem(who)
        if problem is not None:
            raise Problem(422, "no_address", f"{who!r} {problem}.")
        return directory.recipient_at(asked.workspace, normalised(who)), None
    domain = domain_named(who)
    if domain is None:
        _require_known(asked, who)
    return (None, domain) if domain else (who, None)


def _require_known(asked: Asked, recipient_id: str) -> None:
    opened = asked.site.program.opened
    if opened.directory.person(asked.workspace, recipient_id) is not None:
        return
    if opened.directory.forgotten_at(asked.workspace, recipient_id) is not None:
        return
    with asked.site.view(asked.workspace) as view:
        if not view.answers().everywhere(recipient_id):
            raise NotFound("recipient", recipient_id)


def _release(asked: Asked, _: Look | None) -> Command:
    recipient_id, domain = named(asked, asked.body.who)
    if domain is not None:
        return ReleaseDomain(domain=domain, reason=asked.body.reason)
    if recipient_id is None:
        raise NotFound("recipient", asked.body.who)
    return ReleasePerson(recipient_id=recipient_id, reason=asked.body.reason)


def _releasing(asked: Asked, now: Look) -> Told | None:
    recipient_id, domain = named(asked, asked.body.who)
    listed = now.suppressions()
    because = listed.people.get(recipient_id or "")
    if because is None and domain not in listed.domains:
        raise NotFound("suppression", asked.body.who)
    return {"recipient_id": recipient_id, "domain": domain, "because": because}


def forget_person(asked: Asked, _: Progress) -> Told:
    recipient_id = _known(asked)
    opened = asked.site.program.opened
    told = insist(asked.do(ForgetRecipient(recipient_id=recipient_id), "fact"))

    def settled() -> int:
        asked.engine.tick(asked.workspace)
        return opened.store.last_position()

    stopped = forget(
        Forgetters(opened.directory, opened.evidence),
        asked.workspace,
        recipient_id,
        settled,
        lambda: _everywhere(asked, recipient_id),
        suppressed=lambda: _is_suppressed(asked, recipient_id),
    )
    if stopped is None:
        raise Problem(503, "busy", "Others write without a pause. Ask again with the same key.")
    at = opened.directory.forgotten_at(asked.workspace, recipient_id)
    return {**told, "recipient_id": recipient_id, "stopped_in": stopped,
            "forgotten_at": at and instant_text(at)}  # fmt: skip


def _known(asked: Asked) -> str:
    recipient_id = recipient_of(asked, asked.names["recipient_id"])
    _require_known(asked, recipient_id)
    return recipient_id


def _everywhere(asked: Asked, recipient_id: str) -> list[RecipientAnswer]:
    with asked.site.view(asked.workspace) as view:
        return [*view.answers().everywhere(recipient_id)]


def _is_suppressed(asked: Asked, recipient_id: str) -> bool:
    with asked.engine.look(asked.workspace) as now:
        return recipient_id in now.suppressions().people


def _forgetting(asked: Asked, _: Look) -> Told | None:
    """Who would be forgotten for good, and in which campaigns; the address stays refused (S4)."""
    recipient_id = _known(asked)
    found = _everywhere(asked, recipient_id)
    return {
        "recipient_id": recipient_id,
        "for_good": True,
        "campaigns": {each.campaign_id: each.status for each in found},
    }


PATH = "/campaigns/{campaign_id}/recipients/{recipient_id}"
SIGNALS: dict[Signal, tuple[str, Act]] = {
    RecipientStatus.REPLIED: ("Record a reply (M5).", Act.RUN),
    RecipientStatus.BOUNCED: ("Record that a message bounced for good (M5).", Act.RUN),
    RecipientStatus.UNSUBSCRIBED: ("Record that a recipient unsubscribed (M5, M7).", Act.SUPPRESS),
    RecipientStatus.FINISHED: ("Record the end of the sequence.", Act.RUN),
}
RECIPIENTS = (
    *(
        Operation(f"record_{each}", f"{PATH}/{each}", says, act, command=_signal(each))
        for each, (says, act) in SIGNALS.items()
    ),
    Operation(
        "record_complaint", f"{PATH}/complained", "Record a complaint (M7).",
        Act.SUPPRESS, command=_complaint,
    ),
    Operation(
        "record_away", f"{PATH}/away", "Record an automatic reply (M5).",
        Act.RUN, Away, command=_away,
    ),
    Operation(
        "assign_recipient", f"{PATH}/assign", "Have this account write to a recipient first (M1).",
        Act.RUN, Assigned, command=_assign,
    ),
    Operation(
        "suppress", "/suppressions", "Never write to a person or a domain again (M7).",
        Act.SUPPRESS, Suppressed, steps=suppress,
    ),
    Operation(
        "release", "/suppressions/release", "Let campaigns write there again (M7).",
        Act.SUPPRESS, Released, command=_release, preview=Preview(_releasing),
    ),
    Operation(
        "forget_recipient", "/recipients/{recipient_id}/forget", "Forget a person for good (F1).",
        Act.FORGET, steps=forget_person, preview=Preview(_forgetting),
    ),
)  # fmt: skip
