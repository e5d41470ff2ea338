"""What may be done to campaigns: create, set steps, start, pause, resume, change senders."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from adapters.composition.mailboxes import letters
from adapters.http.commands.accounts import Address, Name
from adapters.http.commands.operation import Asked, Body, Operation, Preview, Told
from adapters.http.problems import Problem
from adapters.yaml_files.sequence import SequenceGiven, as_given
from aggregates.campaign import Campaign, commands
from aggregates.campaign.state import BOUNCES_CAUSE
from engine.answers.fleet import resumed
from engine.answers.telling import rows
from engine.command_context import Look
from engine.work.addresses import normalised
from engine.work.letters import LetterError
from engine.work.names import name_problem
from engine.work.permissions import Act
from engine.work.sequences import changes, lack_of, naming_somebody
from events.sequence import MailSequence
from events.vocabulary import CampaignStatus, Mode

MOST_TOLD = 100
"""Recipients, in one answer, who lack something."""


def _name(text: str) -> str:
    problem = name_problem(text)
    if problem is not None:
        raise ValueError(f"the name {problem}")
    return text


class NewCampaign(Body):
    """An Inbox Rotation with accounts in FROM EMAIL, or one that sends from a slot."""

    campaign_id: Annotated[str, AfterValidator(_name)]
    from_email: Annotated[tuple[Address, ...], Field(max_length=1_000)] = ()
    slot_id: Name | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "NewCampaign":
        if bool(self.from_email) == bool(self.slot_id):
            raise ValueError("give either from_email or slot_id")
        return self


class Sender(Body):
    account_id: Address


class Resumed(Body):
    without: Annotated[tuple[Address, ...], Field(max_length=1_000)] = ()
    """Accounts whose hour runs and without which the campaign knowingly continues (P3)."""


class Steps(Body, SequenceGiven):
    """Zone, window, limits, and the steps with their texts."""


def _create(asked: Asked, _: Look | None) -> commands.CreateCampaign:
    body: NewCampaign = asked.body
    return commands.CreateCampaign(
        campaign_id=body.campaign_id,
        mode=Mode.SINGLE if body.slot_id else Mode.ROTATION,
        slot_id=body.slot_id,
        account_ids=body.from_email,
        mail_id=token_hex(16),
    )


def _steps(asked: Asked, now: Look | None) -> commands.SetSequence:
    """The command, once no text is found to name a recipient (F1)."""
    assert now is not None
    campaign, wanted = _wanted(asked, now)
    with asked.site.view(asked.workspace) as view:
        own = [*view.answers().accounts]
    names = naming_somebody(asked.site.program.opened.directory, asked.workspace, wanted.steps, own)
    if names is not None:
        told = f"Step {names} holds a recipient's address, which would stay for ever."
        raise Problem(422, "names_a_recipient", told)
    return commands.SetSequence(campaign_id=campaign.id, sequence=wanted)


def _wanted(asked: Asked, now: Look) -> tuple[Campaign, MailSequence]:
    campaign = now.campaign(asked.names["campaign_id"])
    return campaign, asked.body.sequence(campaign.mail_id or token_hex(16))


def steps_of(names: Mapping[str, str], now: Look) -> Told | None:
    """The sequence as it was given; empty if none is set, None if there is no such campaign."""
    campaign = now.campaign(names["campaign_id"])
    if campaign.status is None:
        return None
    return as_given(campaign.sequence) if campaign.sequence else {}


def _changes(asked: Asked, now: Look) -> Told | None:
    campaign, wanted = _wanted(asked, now)
    if campaign.status is None:
        return None
    return {
        "status": campaign.status,
        "changes": sorted(rows.all_told(changes(campaign, wanted)), key=str),
    }


def _is_under_way(asked: Asked, now: Look) -> bool:
    status = now.campaign(asked.names["campaign_id"]).status
    return status in (CampaignStatus.RUNNING, CampaignStatus.PAUSED)


def _lack_of_wanted(asked: Asked) -> Told:
    with asked.engine.look(asked.workspace) as now:
        return _lack(asked, *_wanted(asked, now))


def _lack_of_set(asked: Asked) -> Told:
    with asked.engine.look(asked.workspace) as now:
        campaign = now.campaign(asked.names["campaign_id"])
    return _lack(asked, campaign, campaign.sequence)


def _lack(asked: Asked, campaign: Campaign, sequence: MailSequence | None) -> Told:
    """The recipients who lack something that a letter needs."""
    if sequence is None:
        return {}
    directory = asked.site.program.opened.directory
    try:
        lack = lack_of(directory, asked.workspace, campaign, sequence, letters().missing)
    except LetterError as error:
        raise Problem(422, "unusable_steps", str(error)) from None
    missing = [each._asdict() for each in lack.missing[:MOST_TOLD]]
    return {"forgotten": lack.nameless, "lacking": len(lack.missing), "missing": missing}


def _start(asked: Asked, _: Look | None) -> commands.StartCampaign:
    return commands.StartCampaign(campaign_id=asked.names["campaign_id"])


def _starting(asked: Asked, now: Look) -> Told | None:
    campaign = now.campaign(asked.names["campaign_id"])
    if campaign.status is None:
        return None
    return {
        "status": campaign.status,
        "from_email": sorted(campaign.from_email),
        "recipients": campaign.open,
        "steps": [each.name for each in campaign.sequence.steps] if campaign.sequence else [],
    }


def _pause(asked: Asked, _: Look | None) -> commands.PauseCampaign:
    return commands.PauseCampaign(campaign_id=asked.names["campaign_id"])


def _resume(asked: Asked, _: Look | None) -> commands.ResumeCampaign:
    without = frozenset(asked.body.without)
    return commands.ResumeCampaign(campaign_id=asked.names["campaign_id"], without=without)


def _resuming(asked: Asked, now: Look) -> Told | None:
    campaign = now.campaign(asked.names["campaign_id"])
    if campaign.status is None:
        return None
    bounced = BOUNCES_CAUSE in campaign.causes
    return {
        **rows.told(resumed(campaign)),
        "status": campaign.status,
        "without": sorted(asked.body.without),
        "bounced": campaign.bounces if bounced else None,
        "sent": campaign.sends if bounced else None,
    }


def _add(asked: Asked, _: Look | None) -> commands.AddSender:
    return commands.AddSender(
        campaign_id=asked.names["campaign_id"], account_id=asked.body.account_id
    )


def _remove(asked: Asked, _: Look | None) -> commands.RemoveSender:
    """The command; the preview confirms it under the lock (S10)."""
    with asked.engine.look(asked.workspace) as now:
        held = _removing(asked, now)
    return commands.RemoveSender(
        campaign_id=asked.names["campaign_id"],
        account_id=normalised(asked.names["account_id"]),
        confirmed=held["held"] if held else None,
    )


def _removing(asked: Asked, now: Look) -> Told | None:
    campaign = now.campaign(asked.names["campaign_id"])
    lane = campaign.lane(normalised(asked.names["account_id"]))
    if campaign.status is None or not lane.listed:
        return None
    return {"campaign_id": campaign.id, "held": len(lane.contacted), "clock_starts": False}


PATH = "/campaigns/{campaign_id}"
CAMPAIGNS = (
    Operation(
        "create_campaign", "/campaigns", "Create a campaign, a draft.",
        Act.RUN, NewCampaign, command=_create,
    ),
    Operation(
        "set_steps", f"{PATH}/steps", "Set what a campaign sends from now on (M3).",
        Act.RUN, Steps, "PUT", _steps, edited=steps_of,
        preview=Preview(_changes, wanted=_is_under_way, beside=_lack_of_wanted),
    ),
    Operation(
        "start_campaign", f"{PATH}/start", "Start a draft (P3).",
        Act.RUN, command=_start, preview=Preview(_starting, beside=_lack_of_set),
    ),
    Operation(
        "pause_campaign", f"{PATH}/pause", "Pause a campaign until somebody resumes it (P2).",
        Act.RUN, command=_pause,
    ),
    Operation(
        "resume_campaign", f"{PATH}/resume", "Resume a campaign (P2, P3).",
        Act.REPAIR, Resumed, command=_resume, preview=Preview(_resuming),
    ),
    Operation(
        "add_sender", f"{PATH}/senders", "Add an account to FROM EMAIL; in time, this cures (T4).",
        Act.REPAIR, Sender, command=_add,
    ),
    Operation(
        "remove_sender", f"{PATH}/senders/{{account_id}}/remove",
        "Remove an account from FROM EMAIL (S10).",
        Act.RUN, command=_remove, preview=Preview(_removing),
    ),
)  # fmt: skip
