"""What people are called stays in its place in the campaign's messages too."""

from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest

from adapters.csv.recipients_csv import RecipientsFile
from adapters.demo.cast import ANN, CAMPAIGN
from adapters.demo.letters import compose, sent_to
from engine.work.ports import Person

INJECTION = "=?utf-8?q?x=0d=0aBcc:_everybody@example.com?="
MANY = f'"{"everybody@example.com, " * 6}"'


@pytest.mark.parametrize(
    "hostile", [INJECTION, '"x\r\nBcc: y@example.com"', "<evil@example.com>", MANY]
)
def test_a_hostile_name_adds_no_header(tmp_path: Path, hostile: str) -> None:
    path = tmp_path / "people.csv"
    line = f"a@example.com,{hostile},{hostile},{hostile}"
    path.write_bytes(f"email,first_name,last_name,company\n{line}\n".encode())
    ((_, person),) = RecipientsFile(path).lines()
    assert isinstance(person, Person)
    sent = compose(person, "r1", ANN, step=1).as_bytes()
    message = BytesParser(policy=policy.default).parsebytes(sent)
    assert message["Bcc"] is None
    assert [each.addr_spec for each in message["To"].addresses] == ["a@example.com"]


def test_a_follow_up_keeps_the_thread() -> None:
    person = Person("a@example.com", "Ada", {"first_name": "Ada", "company": "Alder"})
    first, second = (compose(person, "r1", ANN, step) for step in (1, 2))
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert sent_to(first["Message-ID"]) == (CAMPAIGN, "r1")
