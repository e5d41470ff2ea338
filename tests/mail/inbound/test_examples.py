"""M5: messages of real servers and people mean what is known of them."""

import re
from datetime import datetime

import pytest

from adapters.mail.inbound.reading import read, read_headers
from engine.work.inbound import Kind
from tests.mail.inbound.examples import Example, examples

EXAMPLES = examples()
AS_KINDS = {"unsubscribe": {Kind.UNSUBSCRIBE, Kind.COMPLAINT}}
"""A complaint ends a recipient as an unsubscribe does (M7)."""


@pytest.mark.rule("M5", "M7")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.name)
def test_real_shapes_mean_what_they_are_known_to_mean(example: Example) -> None:
    found = read(example.octets, example.sent)

    away = re.fullmatch(r"ooo\(until (\w+ \d+), year of the Date header\)", example.expected)
    if away:
        assert found.kind is Kind.AUTO_REPLY
        assert found.until == datetime.strptime(f"{away[1]} 2013", "%B %d %Y").date()  # noqa: DTZ007
    else:
        assert found.kind in AS_KINDS.get(example.expected, {Kind(example.expected)})
        assert found.until is None
    assert found.recipients == ["r1"]
    assert found.campaigns == ["spring"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.name)
def test_what_headers_decide_the_body_does_not_change(example: Example) -> None:
    if read_headers(example.octets, example.sent) is not None:
        head = example.octets.split(b"\n\n")[0] + b"\n\n"
        assert read(head, example.sent) == read(example.octets, example.sent)
