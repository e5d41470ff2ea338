"""An incident in sentences: how it came about, who was told, what was tried, how it could be
cured."""

from collections.abc import Iterator

from engine.answers.recipient_case import Trouble, chosen
from engine.answers.telling.facts import by, happened
from engine.answers.telling.reader import Reader
from engine.answers.telling.sentence import Section, Sentence, lasting, late
from engine.answers.telling.words import counted
from events.campaign import GracePeriodCured
from events.email_account import AccountConnected, AccountDisconnected, CheckFailed
from events.recorded import Recorded
from events.vocabulary import Asker

ENOUGH = 5
"""The most connection tests that are reported one by one; of more, only the last is, with their
number."""


def course(trouble: Trouble, recorded_until: int | None, reader: Reader) -> Iterator[Sentence]:
    """How the incident came about, how its clock ran, and how it ended."""
    ended = () if trouble.ended is None else (trouble.ended,)
    started = () if trouble.started is None else (trouble.started,)
    for each in (*trouble.led_to[-ENOUGH:], trouble.opened, *started, *ended):
        text = happened(each, reader)
        text += late(each, reader, recorded_until) if each in ended else ""
        yield Sentence(Section.HAPPENED, each, text)
    if trouble.too_late is not None:
        back = trouble.too_late
        text = f"{happened(back, reader)} The clock had run out by then; that undoes no stop."
        yield Sentence(Section.HAPPENED, back, text)


def told(trouble: Trouble, reader: Reader) -> Iterator[Sentence]:
    """The notices issued, and whether they were delivered (N2)."""
    for notice in trouble.notices:
        for each in (notice.issued, *notice.attempts):
            yield Sentence(Section.TOLD, each, happened(each, reader))
        if not notice.attempts:
            text = f"No attempt to deliver notice {notice.number} is recorded."
            yield Sentence(Section.TOLD, notice.issued, text)
    if not trouble.notices:
        text = f"No notice to the owner of {trouble.account_id} about this is recorded."
        yield Sentence(Section.TOLD, trouble.opened, text)


def tried(trouble: Trouble, campaign_id: str, reader: Reader) -> Iterator[Sentence]:
    """What was tried before the end, and with what result."""
    background = chosen(trouble.tried, CheckFailed, asked_by=Asker.BACKGROUND)
    left_out = {each.position for each in background[:-1]} if len(background) > ENOUGH else set()
    for each in trouble.tried:
        if each.position in left_out:
            continue
        if isinstance(each.event, AccountConnected):
            text = _connected(each, trouble, campaign_id, reader)
        else:
            text = happened(each, reader)
        if left_out and each is background[-1]:
            text += f" It was the last of {counted(len(background), 'failed background test')}."
        yield Sentence(Section.TRIED, each, text)
    if not trouble.tried:
        where = trouble.ended or trouble.started or trouble.opened
        until = "in time" if trouble.ended else "so far"
        text = f"Nothing was tried to bring {trouble.account_id} back {until}."
        yield Sentence(Section.TRIED, where, text)


def _connected(tried: Recorded, trouble: Trouble, campaign_id: str, reader: Reader) -> str:
    """T4: connecting is one half of the cure; adding the account to the campaign again is the
    other."""
    after = lasting(tried.event.occurred_at - trouble.opened.event.occurred_at)
    text = f"{happened(tried, reader)} That was {after} after it was lost"
    if trouble.started is None:
        return f"{text}."
    added = next((each for each in trouble.added if each.position > tried.position), None)
    if added is None:
        return f"{text}; but it was never added to FROM EMAIL of {campaign_id} again."
    when = reader.when(added.event.occurred_at)
    again = f"added to FROM EMAIL of {campaign_id} again{by(added.envelope)}"
    in_time = trouble.ended is None or isinstance(trouble.ended.event, GracePeriodCured)
    if in_time and added.event.occurred_at <= trouble.deadline:
        return f"{text}; and it was {again} on {when} (#{added.position}), in time."
    return f"{text}; but it was {again} only on {when} (#{added.position}), after the deadline."


def avoidable(trouble: Trouble, campaign_id: str, reader: Reader) -> Sentence:
    """Until when, and how, the stop could have been avoided."""
    deadline, act = reader.when(trouble.deadline), cure(trouble, campaign_id)
    text = f"The stop could have been avoided until {deadline} by {act}."
    return Sentence(Section.AVOIDABLE, trouble.started or trouble.opened, text)


def cure(trouble: Trouble, campaign_id: str) -> str:
    """The cheapest cure."""
    if isinstance(trouble.opened.event, AccountDisconnected):
        return (
            f"connecting {trouble.account_id} again and adding it to FROM EMAIL of "
            f"{campaign_id} again (both)"
        )
    return f"One-Click Reconnect of {trouble.account_id}, which keeps every setting"
