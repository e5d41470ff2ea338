"""What the auditor says of campaigns that run though an account they list is in trouble (P1)."""

import pytest

from events.campaign import CampaignPaused
from events.vocabulary import RecipientStatus
from tests.audit.test_cures import violations
from tests.law.story import (
    ANN,
    BOB,
    R1,
    R2,
    R3,
    R4,
    SUMMER,
    accepted,
    create,
    fail,
    import_recipients,
    office,
    remove_sender,
    reserve,
    signal,
    start,
)


@pytest.mark.rule("P1", "P3")
def test_a_campaign_that_an_import_reopened_meanwhile_runs_without_causes() -> None:
    """It is looked at again when another campaign hears of the account."""
    world = office().given(
        signal(RecipientStatus.FINISHED, R1, R2, R3),
        create(ANN, BOB, to=[R4], campaign=SUMMER),
        start(SUMMER),
        reserve(ANN, R4, campaign=SUMMER),
        remove_sender(ANN, campaign=SUMMER, confirmed=0),
        fail(ANN),
        import_recipients("r9"),
        accepted(R4, campaign=SUMMER),
    )
    assert violations(world.log) == []


@pytest.mark.rule("P1")
def test_any_other_campaign_has_to_be_paused() -> None:
    log = office().given(fail(ANN)).log
    left = [each for each in log if not isinstance(each.event, CampaignPaused)]
    assert "P1" in violations(left)
