"""N1, N2: a notice becomes one message, whatever is in it and however often it is delivered."""

from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail.outbox import MaildirOutbox
from adapters.mail.owners import Owners
from events.vocabulary import IncidentKind, NoticeKind
from projections.notices import NoticeRow

OWNER = "dana@acme.example"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"]

NOTICE = NoticeRow(
    workspace="main",
    account_id="ann@acme.example",
    incident_id="ann@acme.example#1",
    number="1",
    issued_at=NOON,
    deadline_at=NOON + timedelta(days=9),
    at_stake=82,
    campaigns={"spring": 80, "summer": 2},
)


def parsed(content: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(content)
    assert isinstance(message, EmailMessage)
    return message


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "new").iterdir())


def text_of(notice: NoticeRow, reason: str | None = None) -> str:
    (copy,) = outbox(Path("unused")).copies.of(notice, reason)
    return content_of(copy.message)


def outbox(folder: Path, *owners: str) -> MaildirOutbox:
    default, *admins = owners or (OWNER,)
    return MaildirOutbox(folder, Owners(default, admins={"main": admins}))


def content_of(message: EmailMessage, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_a_notice_is_a_message_to_the_owner(tmp_path: Path) -> None:
    name = outbox(tmp_path).deliver(NOTICE, "The password was refused.")
    (file,) = kept(tmp_path)
    message = parsed(file.read_bytes())
    assert file.name == name
    assert message.keys()[: len(HEADERS)] == HEADERS
    assert message["To"].addresses[0].addr_spec == OWNER
    assert message["Date"].datetime == NOON
    assert message["Subject"] == "ann@acme.example fails, 82 recipients at stake"


@pytest.mark.rule("N2")
def test_owners_admins_zones_and_the_link_are_those_of_the_settings(tmp_path: Path) -> None:
    owners = Owners(
        OWNER, {"main": {"*": ["lee@acme.example"]}}, {"main": ["ops@acme.example"]},
        zones={"ops@acme.example": ZoneInfo("Europe/Berlin")},
    )  # fmt: skip
    channel = MaildirOutbox(tmp_path, owners, lambda notice: f"https://x/{notice.number}")
    names = channel.deliver(NOTICE).split(", ")
    assert [file.name for file in kept(tmp_path)] == sorted(names)
    hers, theirs = (parsed((tmp_path / "new" / name).read_bytes()) for name in names)
    assert (hers["To"], theirs["To"]) == ("lee@acme.example", "ops@acme.example")
    assert "by 2026-03-11 13:00:00 CET" in content_of(theirs)
    assert "Reconnect here: https://x/1" in content_of(hers)
    assert '<a href="https://x/1">' in content_of(hers, "html")


def test_a_failure_says_what_why_when_how_many_and_the_cure() -> None:
    text = text_of(NOTICE, "The password was refused.")
    for said in (
        "A connection test found ann@acme.example failing: The password was refused.",
        "by 2026-03-11 12:00:00 UTC, 82 recipients",
        "80 recipients of spring",
        "2 recipients of summer",
        "One-Click Reconnect ann@acme.example",
    ):
        assert said in text


def test_a_disconnect_says_to_connect_and_to_add_again() -> None:
    notice = NOTICE._replace(kind=NoticeKind.DISCONNECT, incident_kind=IncidentKind.DISCONNECT)
    assert "connect ann@acme.example, then re-add it to FROM EMAIL" in text_of(notice)


def test_without_clocks_nobody_is_at_stake() -> None:
    assert "No recipient is at stake" in text_of(NOTICE._replace(campaigns={}, at_stake=0))


def test_the_end_says_who_was_stopped_and_what_goes_on() -> None:
    text = text_of(NOTICE._replace(kind=NoticeKind.ENDED))
    assert "82 recipients became Campaign Stopped, for good" in text
    assert "once you resume" in text


def test_the_cure_names_the_campaigns_to_resume() -> None:
    text = text_of(NOTICE._replace(kind=NoticeKind.CURED, campaigns={"spring": 0}))
    assert "Don't forget to resume all your campaigns! These wait:\n  - spring\n" in text


def test_the_cure_of_a_failure_without_clocks_says_what_is_left_to_do() -> None:
    text = text_of(NOTICE._replace(kind=NoticeKind.CURED, campaigns={}))
    assert "no clock ran" in text
    assert "Don't forget to resume all your campaigns!" in text


def test_delivered_again_it_is_still_one_message(tmp_path: Path) -> None:
    first = outbox(tmp_path).deliver(NOTICE)
    content = kept(tmp_path)[0].read_bytes()
    again = outbox(tmp_path).deliver(NOTICE, "told differently now")
    assert first == again
    assert [file.read_bytes() for file in kept(tmp_path)] == [content]


def test_delivered_again_after_it_was_read_it_does_not_come_back(tmp_path: Path) -> None:
    name = outbox(tmp_path).deliver(NOTICE)
    (tmp_path / "new" / name).rename(tmp_path / "cur" / f"{name}:2,S")
    outbox(tmp_path).deliver(NOTICE)
    assert kept(tmp_path) == []


def test_what_a_crash_left_half_written_is_written_anew(tmp_path: Path) -> None:
    name = outbox(tmp_path).deliver(NOTICE)
    (tmp_path / "new" / name).unlink()
    (tmp_path / "tmp" / name).write_bytes(b"From: half a mess")
    outbox(tmp_path).deliver(NOTICE)
    assert parsed(kept(tmp_path)[0].read_bytes())["To"]
    assert not any((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize(
    "other",
    [
        NOTICE._replace(number="2"),
        NOTICE._replace(workspace="other"),
        NOTICE._replace(incident_id="ann@acme.example#2"),
    ],
)
def test_another_notice_is_another_message(tmp_path: Path, other: NoticeRow) -> None:
    channel = outbox(tmp_path)
    assert channel.deliver(NOTICE) != channel.deliver(other)
    ids = {parsed(file.read_bytes())["Message-ID"] for file in kept(tmp_path)}
    assert len(ids) == 2


HOSTILE = [
    "x\r\nBcc: everybody@example.com",
    "x\n\nThe password is wanted at http://evil.example",
    "../../../etc/passwd",
    "\x00\x1b[2J",
    "\u202eevil\u2028line",
    "=?utf-8?q?=0d=0aBcc:_x?=",
    '<b>,;:"\\()@',
    "\ud800",
    "ä" * 5_000,
    "",
]


@pytest.mark.parametrize("kind", list(NoticeKind))
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_add_no_header_no_line_and_no_path(
    tmp_path: Path, kind: NoticeKind, text: str
) -> None:
    stays_one_whole_message(tmp_path, text, kind)


@given(st.text(), st.sampled_from(NoticeKind))
def test_any_name_at_all_adds_no_header(
    tmp_path_factory: pytest.TempPathFactory, text: str, kind: NoticeKind
) -> None:
    stays_one_whole_message(tmp_path_factory.mktemp("outbox"), text, kind)


def stays_one_whole_message(folder: Path, text: str, kind: NoticeKind) -> None:
    notice = NOTICE._replace(
        account_id=text, incident_id=f"{text}#1", campaigns={text: 3}, kind=kind
    )
    name = outbox(folder / "outbox").deliver(notice)
    (file,) = kept(folder / "outbox")
    message = parsed(file.read_bytes())
    assert file.name == name
    assert message.keys()[: len(HEADERS)] == HEADERS
    assert message["Bcc"] is None
    assert [each.addr_spec for each in message["To"].addresses] == [OWNER]
    plain = content_of(message)
    expected = text_of(NOTICE._replace(account_id="x", campaigns={"x": 3}, kind=kind))
    assert len(plain.splitlines()) == len(expected.splitlines())


@pytest.mark.parametrize("owner", ["", "dana", "a@b.c\r\nBcc: x@y.z", "<dana@acme.example>"])
def test_an_owner_without_an_address_is_refused(tmp_path: Path, owner: str) -> None:
    with pytest.raises(ValueError, match="the owner's address"):
        outbox(tmp_path, owner)


def test_the_default_owner_of_the_settings_is_taken(tmp_path: Path) -> None:
    assert outbox(tmp_path, "owner@localhost").deliver(NOTICE)
