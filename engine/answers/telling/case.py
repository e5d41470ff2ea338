"""The JSON of a recipient's case; its keys and their order do not change."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.answers.recipient_case import Case
from engine.answers.telling import rows
from engine.answers.telling.sentence import Sentence
from events.vocabulary import instant_text


def case_told(
    case: Case, workspace: str, person: Mapping[str, Any] | None, sentences: Sequence[Sentence]
) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "campaign_id": case.answer.campaign_id,
        "recipient_id": case.answer.recipient_id,
        "person": {name: person[name] for name in ("name", "address")} if person else None,
        "status": case.answer.status,
        "sender": case.sender,
        "not_before": rows.not_before(case.waits),
        "sentences": [_sentence(each) for each in sentences],
    }


def _sentence(sentence: Sentence) -> dict[str, Any]:
    recorded = sentence.rests_on
    return {
        "section": sentence.section,
        "text": sentence.text,
        "position": recorded.position,
        "event_id": recorded.event_id,
        "event": type(recorded.event).__name__,
        "occurred_at": instant_text(recorded.event.occurred_at),
        "recorded_at": instant_text(recorded.envelope.recorded_at),
        "actor": recorded.envelope.actor,
    }
