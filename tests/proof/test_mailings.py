"""M1-M8 in random mailings, with two workers that plan beside each other."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.proof.mailings import Mailing
from tests.proof.test_histories import SOAK, times


@pytest.mark.rule("M1", "M2", "M3", "M4", "M5", "M7", "M8")
def test_whatever_workers_decide_first_nothing_leaves_that_must_not_and_nobody_is_forgotten() -> (
    None
):
    run_state_machine_as_test(Mailing, settings=times(60, steps=30))


@pytest.mark.soak
def test_in_very_many_random_mailings() -> None:
    run_state_machine_as_test(Mailing, settings=times(SOAK * 60, steps=50))
