"""What Smartlead, Instantly and lemlist call things in their lists; sources: docs/moving-here.md.

A column is compared without its case, blanks and signs: ``Lead Status`` is ``lead_status``.
"""

from collections.abc import Mapping
from typing import NamedTuple

from events.vocabulary import RecipientStatus, Signal

NEW, GOING, PERHAPS = False, True, None
"""Whether somebody has heard from the program; None: as the rest of the line says."""
REPLIED: Signal = RecipientStatus.REPLIED
BOUNCED: Signal = RecipientStatus.BOUNCED
UNSUBSCRIBED: Signal = RecipientStatus.UNSUBSCRIBED
FINISHED: Signal = RecipientStatus.FINISHED
FAILED: Signal = RecipientStatus.FAILED
GRAVEST = UNSUBSCRIBED, BOUNCED, REPLIED, FAILED, FINISHED
"""Of several endings that a line tells, the first of these counts."""
Meaning = Signal | bool | None


class Tool(NamedTuple):
    status: tuple[str, ...]
    step: tuple[str, ...]
    sender: tuple[str, ...]
    sent_at: tuple[str, ...]
    says: Mapping[str, Meaning]
    """What its words for a status mean."""
    marks: Mapping[str, Signal]
    """Columns that end somebody by whatever stands in them but nothing, no or zero."""
    also: Mapping[str, Mapping[str, Signal]] = {}
    """Columns some of whose words end somebody."""
    numbered: bool = True
    """Its steps are emails, numbered from 1; else only a person knows which is which."""


def _each(meaning: Meaning, words: str) -> dict[str, Meaning]:
    return dict.fromkeys(words.split(), meaning)


SMARTLEAD = Tool(
    status=("status", "leadstatus"),
    step=("step", "lastemailsequencesent"),
    sender=("sender", "emailaccount", "fromemail"),
    sent_at=("sentat", "lastsenttime"),
    says={
        **_each(NEW, "started notcontacted"),
        **_each(GOING, "inprogress"),
        **_each(FINISHED, "completed stopped"),
        **_each(BOUNCED, "blocked bounced"),
        **_each(REPLIED, "interested notinterested replied"),
        **_each(UNSUBSCRIBED, "unsubscribed donotcontact"),
    },
    marks={"isunsubscribed": UNSUBSCRIBED, "replycount": REPLIED},
    also={
        "category": {
            "donotcontact": UNSUBSCRIBED,
            "bounce": BOUNCED,
            "senderoriginatedbounce": BOUNCED,
            "interested": REPLIED,
            "notinterested": REPLIED,
            "meetingrequest": REPLIED,
            "meetingbooked": REPLIED,
            "informationrequest": REPLIED,
            "wrongperson": REPLIED,
        }
    },
)
INSTANTLY = Tool(
    status=("status", "leadstatus"),
    step=("step",),
    sender=("sender", "lastcontactedfrom", "emailaccount"),
    sent_at=("sentat", "timestamplastcontact", "laststeptimestampexecuted", "lastcontacted"),
    says={
        **_each(PERHAPS, "1 active"),
        **_each(NEW, "notyetcontacted notcontacted"),
        **_each(GOING, "contacted"),
        **_each(FINISHED, "3 completed"),
        **_each(BOUNCED, "-1 bounced"),
        **_each(UNSUBSCRIBED, "-2 unsubscribed"),
        **_each(REPLIED, "replied interested notinterested meetingbooked meetingcompleted closed"),
        **_each(REPLIED, "wrongperson lost won"),
    },
    marks={"emailreplycount": REPLIED, "timestamplastreply": REPLIED},
    also={"ltintereststatus": dict.fromkeys(("1", "2", "3", "4", "-1", "-2", "-3"), REPLIED)},
)
LEMLIST = Tool(
    status=("status", "laststate", "leadstatus", "state"),
    step=("step", "sentstep"),
    sender=("sender", "senduseremail"),
    sent_at=("sentat",),
    says={
        **_each(NEW, "imported scanned reviewed enriching tolaunch"),
        **_each(PERHAPS, "inprogress"),
        **_each(GOING, "contacted hooked attracted emailssent emailsopened emailsclicked"),
        **_each(REPLIED, "warmed interested notinterested meetingbooked emailsreplied"),
        **_each(REPLIED, "emailsinterested emailsnotinterested linkedinreplied replied"),
        **_each(REPLIED, "manualinterested manualnotinterested"),
        **_each(BOUNCED, "emailsbounced bounced"),
        **_each(UNSUBSCRIBED, "emailsunsubscribed unsubscribed"),
        **_each(FAILED, "failed emailsfailed emailssendfailed"),
        **_each(FINISHED, "campaigncomplete done finished completed"),
    },
    marks={
        "unsubscribedat": UNSUBSCRIBED,
        "bouncedat": BOUNCED,
        **dict.fromkeys(("repliedat", "interestedat", "notinterestedat"), REPLIED),
    },
    numbered=False,
)
TOOLS = {"smartlead": SMARTLEAD, "instantly": INSTANTLY, "lemlist": LEMLIST}
