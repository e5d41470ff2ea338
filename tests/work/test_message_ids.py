"""M2: the part left of ``@`` is made of random ids and the step's name, and can be read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.work.message_ids import message_id_left, read_message_id, step_digest

IDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@pytest.mark.rule("M2")
@given(campaign=IDS, recipient=IDS, step=st.text())
def test_it_is_the_same_for_ever_and_is_read_back_whatever_stands_right_of_it(
    campaign: str, recipient: str, step: str
) -> None:
    left = message_id_left(campaign, recipient, step)

    assert left == message_id_left(campaign, recipient, step)
    for written in (left, f"<{left}@acme.example>", f" <{left}@SMTPIN.rewritten.example> "):
        assert read_message_id(written) == (campaign, recipient, step_digest(step))


@pytest.mark.rule("M2")
def test_it_never_changes_between_versions_of_this_program() -> None:
    assert message_id_left("c0ffee", "r1", "intro") == "c0ffee.r1.c432b372e0e3"


@pytest.mark.rule("M2")
def test_another_campaign_recipient_or_step_has_another() -> None:
    made = {
        message_id_left(campaign, recipient, step)
        for campaign in ("c1", "c2")
        for recipient in ("r1", "r2")
        for step in ("intro", "nudge")
    }

    assert len(made) == 8


@pytest.mark.parametrize("odd", ["", "spring sale", "a.b", "a@b", "é", "x" * 65, "a\n"])
def test_a_name_is_no_id(odd: str) -> None:
    with pytest.raises(ValueError, match="ids of campaign and recipient"):
        message_id_left(odd, "r1", "intro")
    with pytest.raises(ValueError, match="ids of campaign and recipient"):
        message_id_left("c1", odd, "intro")


@pytest.mark.parametrize(
    "foreign", ["", "<>", "<abc@x.test>", "<a.b.c@x.test>", "<a.b.c.0123456789ab@x>"]
)
def test_a_message_id_of_others_is_none_of_ours(foreign: str) -> None:
    assert read_message_id(foreign) is None
