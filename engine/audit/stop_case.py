"""A stop as a case for others: the facts on which it rests, and what these alone say about it.

Somebody who has only these facts arrives at the same case as somebody who has the log.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from engine.answers.history import History
from engine.answers.recipient_case import Case, Facts, case_of, last
from engine.answers.telling.case import case_told
from engine.answers.telling.why import explained
from engine.answers.workspace_answers import Answers
from engine.audit.fold import Fold
from engine.decoding import decode_page
from engine.ports.log import Page
from engine.proof.case_file import CaseFile
from engine.proof.errors import ProofError, ToldOtherwise
from events.campaign import CampaignCreated, RecipientStopped
from events.recorded import Recorded
from projections.campaigns import CAMPAIGNS
from projections.histories import RECIPIENT, Subject, key, of_campaign, of_recipient
from projections.recipient_status import RECIPIENT_STATUS


class NotStopped(ProofError):
    sentence = (
        "{recipient} of {campaign} in workspace {workspace} was not stopped, as far as the log is "
        "signed. Only a stop can be proved; have the log signed if it is younger."
    )


class FactsAlone(NamedTuple):
    """Implements ``Facts`` with the given facts alone."""

    workspace: str
    facts: Sequence[Recorded]

    def of(self, subject: Subject) -> list[Recorded]:
        return [each for each in self.facts if key(each)[:-1] == (self.workspace, *subject)]


def stop_case(facts: Facts, workspace: str, campaign: str, recipient: str) -> Case:
    """The case of a stopped recipient. Raises ``NotStopped``."""
    own = facts.of(of_recipient(campaign, recipient))
    created = last(facts.of(of_campaign(campaign)), CampaignCreated)
    stop = last(own, RecipientStopped)
    if created is None or stop is None:
        raise NotStopped(recipient=recipient, campaign=campaign, workspace=workspace)
    views = Fold((CAMPAIGNS, RECIPIENT_STATUS)).add([created, *own]).views()
    now = stop.envelope.recorded_at
    case = case_of(facts, Answers(views, workspace), campaign, recipient, now)
    assert case is not None
    return case


def told(case: Case, workspace: str) -> dict[str, Any]:
    """The case as JSON, without names and addresses, in UTC."""
    return case_told(case, workspace, None, explained(case))


def rests_on(case: Case, history: History) -> list[Recorded]:
    """Every fact that the case mentions, and their causes, except those about other recipients."""
    found = {each.position: each for each in _told_of(case)}
    for each in [*found.values()]:
        for cause in history.causes(each):
            if key(cause).kind != RECIPIENT:
                found.setdefault(cause.position, cause)
    return [found[position] for position in sorted(found)]


def _told_of(case: Case) -> Iterator[Recorded]:
    yield from (each.rests_on for each in explained(case))
    yield from (each for each in case.about_campaign if isinstance(each.event, CampaignCreated))
    yield from _recorded((case.own, case.troubles))


def _recorded(told: object) -> Iterator[Recorded]:
    """Every fact in a part of a case."""
    if isinstance(told, Recorded):
        yield told
    elif isinstance(told, tuple | list):
        for each in told:
            yield from _recorded(each)


def require_told(file: CaseFile) -> None:
    """Check that the case in a proved file is what its events say, word for word. Raises
    ``ToldOtherwise``."""
    entries = [each.as_entry for each in file.events]
    pages = [Page([each.row], [each.envelope]) for each in entries if each.row]
    facts = [fact for page in pages for fact in decode_page(page, page.rows[0][0] - 1)]
    about = [str(file.case.get(each)) for each in ("workspace", "campaign_id", "recipient_id")]
    ours = told(stop_case(FactsAlone(about[0], facts), *about), about[0])
    is_so = json.dumps(file.case, sort_keys=True) == json.dumps(ours, sort_keys=True)
    if not is_so or {each.workspace for each in facts} != {about[0]}:
        raise ToldOtherwise
