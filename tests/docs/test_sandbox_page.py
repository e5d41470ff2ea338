"""The page about the sandbox lists what there is."""

import re

import pytest

from adapters.mail.sandbox.control import OPERATIONS
from adapters.mail.sandbox.faults import STAGES, Act, Service
from adapters.mail.sandbox.ports import PORTS
from events.vocabulary import FailureClass
from tests.docs.test_docs import page, rows_about

NAMES = [*OPERATIONS, *PORTS, *(each.value for each in Act)]
REFUSED = [each.value for each in FailureClass if each is not FailureClass.IDENTITY_MISMATCH]


@pytest.mark.parametrize("name", [*NAMES, *REFUSED])
def test_it_has_one_row_for_each(name: str) -> None:
    assert len(rows_about(name, page("sandbox.md"))) == 1 + (name in STAGES)


@pytest.mark.parametrize("service", [*STAGES])
def test_it_lists_the_stages_in_their_order(service: Service) -> None:
    row = rows_about(service, page("sandbox.md"))[-1]
    assert re.findall(r"`(\w+)`", row)[1:] == [*STAGES[service]]
