"""What every store of used links does."""

from datetime import timedelta

import pytest

from engine.ports.clock import ManualClock
from engine.work.links import UsedLinks
from tests.law.story import HOUR, NOON

SOON = NOON + HOUR


class LinksContract:
    @pytest.mark.rule("R1")
    def test_a_link_is_used_once_and_answered_once(self, links: UsedLinks) -> None:
        assert not links.used("link")
        assert links.use("link", "state", SOON)
        assert not links.use("link", "another state", SOON)
        assert links.used("link")

        assert links.answer("another state") is None
        assert links.answer("state") == "link"
        assert links.answer("state") is None

    def test_a_state_that_is_taken_uses_no_other_link(self, links: UsedLinks) -> None:
        assert links.use("link", "state", SOON)

        assert not links.use("another", "state", SOON)
        assert links.answer("state") == "link"

    def test_an_answer_may_come_too_late(self, links: UsedLinks, clock: ManualClock) -> None:
        links.use("link", "state", SOON)
        clock.advance(HOUR + timedelta(microseconds=1))

        assert links.answer("state") is None
