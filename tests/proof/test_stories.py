"""M1-M8, S8 in random scenarios that send by themselves; the judge knows only the law and facts."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from adapters.scenario.report import report
from adapters.scenario.runner import Ending, run_scenario
from events.vocabulary import RecipientStatus, read_instant
from tests.proof.sending_judge import SendingJudge
from tests.proof.stories import LONG, Story, stories
from tests.proof.test_histories import SOAK, times

DAY = timedelta(days=1)
WAITS_FOR_A_PERSON = {"paused", "sender", "not_set_up"}


def judged(story: Story, ending: Ending) -> SendingJudge:
    silent = story.silent()

    def unread(account: str, begins: datetime, ends: datetime) -> bool:
        return any(
            account == who and since < begins and ends < until for who, since, until in silent
        )

    return SendingJudge(unread).read(ending.log)


def recipients(told: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (campaign, name): row
        for campaign, each in told["campaigns"].items()
        for name, row in each["recipients"].items()
    }


def told_until(story: Story, end: float) -> tuple[Ending, dict[str, Any]]:
    ending = run_scenario(story.until(end))
    return ending, report(ending)


def check(story: Story) -> None:
    cut = story.start + timedelta(seconds=story.last)
    before, at_cut = told_until(story, story.last)
    after, at_end = told_until(story, story.last + LONG * 86_400)
    judged(story, after)
    assert after.log[: len(before.log)] == before.log
    nobody_is_forgotten(at_end)
    sends = [each for each in at_end["sends"] if read_instant(each["at"]) > cut]
    moments = set()
    for about, row in recipients(at_cut).items():
        later = [each for each in sends if (each["campaign"], each["recipient"]) == about]
        wait = row["not_before"]
        if wait is None:
            assert not later, (about, row, later[0])
        elif wait["at"] is None:
            assert not later or wait["reason"] in ("exclusive", "unknown"), (about, row, later[0])
        else:
            assert read_instant(wait["at"]) > cut, (about, row)
            assert all(each["at"] >= wait["at"] for each in later), (about, row, later[0])
            moments.add(wait["at"])
    for moment in sorted(moments)[:3]:
        at_that_moment(story, at_cut, moment)


def at_that_moment(story: Story, at_cut: dict[str, Any], moment: str) -> None:
    """The message leaves, or the reason is another."""
    end = (read_instant(moment) - story.start).total_seconds()
    _, then = told_until(story, end)
    rows = recipients(then)
    for about, row in recipients(at_cut).items():
        wait = row["not_before"]
        if wait is not None and wait["at"] == moment:
            now = rows[about]["not_before"]
            assert now is None or now["at"] is None or now["at"] > moment, (about, row, rows[about])


def nobody_is_forgotten(told: dict[str, Any]) -> None:
    rows = recipients(told)
    for about, row in rows.items():
        if RecipientStatus(row["status"]).terminal:
            continue
        wait = row["not_before"]
        if wait is None:
            assert row["status"] == "held", (about, row)  # its sender's inbox cannot be read
            continue
        if wait["reason"] == "exclusive":
            others = [row for (_, name), row in rows.items() if name == about[1]]
            assert any(
                row["emails_received"] and row["status"] in ("active", "held") for row in others
            )
            continue
        assert wait["at"] is None, (about, row)
        assert wait["reason"] in WAITS_FOR_A_PERSON, (about, row)


@pytest.mark.rule("M1", "M2", "M3", "M4", "M5", "M7", "S8")
@times(100)
@given(story=stories())
def test_in_random_scenarios_nothing_leaves_too_early_too_often_or_to_whom_it_must_not(
    story: Story,
) -> None:
    check(story)


@pytest.mark.soak
@pytest.mark.rule("M1", "M2", "M3", "M4", "M5", "M7", "S8")
@times(SOAK * 100)
@given(story=stories())
def test_in_very_many_random_scenarios(story: Story) -> None:
    check(story)
