"""What a plan for a whole fleet does and costs, one sentence for each step."""

from engine.answers.fleet import Plan, Readd, Reconnect, Resume
from engine.answers.telling.reader import Reader
from engine.answers.telling.words import people


def steps(plan: Plan[Reconnect] | Plan[Resume] | Plan[Readd], reader: Reader) -> list[str]:
    return [_step(each, reader) for each in plan.steps]


def left_out(plan: Plan[Reconnect] | Plan[Resume] | Plan[Readd]) -> list[str]:
    return [f"{each.name}: {each.text}" for each in plan.left_out]


def _step(step: Reconnect | Resume | Readd, reader: Reader) -> str:
    match step:
        case Reconnect():
            return f"{step.account_id}: {'; '.join(_reconnect(step, reader))}."
        case Resume():
            return f"{step.campaign_id}: {'; '.join(_resume(step, reader))}."
        case Readd():
            return readd(step, reader)


def _reconnect(step: Reconnect, reader: Reader) -> list[str]:
    parts = ["One-Click Reconnect, every setting stays"]
    if step.deadline_at:
        parts.append(_at_stake(step.at_stake, reader.when(step.deadline_at)))
    if step.waiting:
        parts.append(f"paused by it and to be resumed afterwards: {', '.join(step.waiting)}")
    if step.expired:
        parts.append(f"too late for {', '.join(step.expired)}")
    return parts


def _resume(step: Resume, reader: Reader) -> list[str]:
    parts = [f"{people(step.go_on)} {'goes' if step.go_on == 1 else 'go'} on"]
    if step.held:
        parts.append(f"{people(step.held)} held, because their sender is not in FROM EMAIL")
    if step.deadline_at:
        parts.append(f"{_at_stake(step.at_stake, reader.when(step.deadline_at))} all the same")
    return parts


def readd(step: Readd, reader: Reader) -> str:
    """What re-adding to this campaign would do, and until when (T4, T5)."""
    until = reader.when(step.deadline_at)
    if step.expired:
        return (
            f"{step.campaign_id}: the time ran out on {until}; re-added, it takes only those who "
            f"received nothing ({people(step.free)})."
        )
    keep = "keeps" if step.kept == 1 else "keep"
    return f"{step.campaign_id}: re-added until {until}, {people(step.kept)} {keep} it as sender."


def _at_stake(number: int, until: str) -> str:
    return f"{people(number)} at stake until {until}"
