"""What is put into a message comes out of it, whoever reads it: the standard library's parser."""

from collections.abc import Sequence
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage, MIMEPart
from email.utils import parseaddr, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail.composing.filling import LONGEST_SUBJECT
from adapters.mail.composing.message import OUR_ID, compose
from engine.answers.telling.one_line import one_line
from engine.work.addresses import display_name
from engine.work.letters import AddressUnusable, Letter, Thread, Unsubscribing
from engine.work.ports import Message, Person
from tests.mail.composing.letters import ANN, BEN, BY_CLICK, BY_MAIL, LEFT, NOON, posting

HELLO = Letter("Hello", "Dear Ben\n")
HOSTILE = [
    "x\r\nBcc: eve@x.test",
    "x\nBcc: eve@x.test\n\nbody",
    "x\rBcc: eve@x.test",
    "x\N{LINE SEPARATOR}Bcc: eve@x.test",
    "x\x85Bcc: eve@x.test",
    "x\x0bBcc: eve@x.test",
    "=?utf-8?b?DQpCY2M6IGV2ZUB4LnRlc3Q=?=",
    "=?utf-8?q?=0D=0ABcc=3A_eve=40x.test?=",
    "eve@x.test>, <mallory@x.test",
    '"eve@x.test" <eve@x.test>, Ben',
    'a" <eve@x.test>',
    "a\\",
    "(a comment",
    "\N{RIGHT-TO-LEFT OVERRIDE}tset.x@eve",
    "\0",
    "\udcff",
    "é" * 300,
    "word " * 60,
    "w" * 240,
    "  ",
]
NAMES = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    OUR_ID,
    "List-Unsubscribe",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
}
TEXTS = st.one_of(
    st.text(),
    st.text(st.characters(codec="utf-8")),
    st.sampled_from(HOSTILE),
    st.sampled_from(
        ["x" * 5_000, "é" * 5_000, "a\r\nb\rc\n", ".", "From me", "--=_x", "a \n\tb \t\n"]
    ),
    st.lists(st.sampled_from([".", "=", "é", "x" * 80, " ", "\n", "\r\n", "\t"])).map("".join),
)


def read(message: Message) -> EmailMessage:
    found = message_from_bytes(message.content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    assert found.defects == []
    return found


def text_of(part: MIMEPart | None) -> str:
    assert part is not None
    assert part.defects == []
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode("utf-8")


def as_sent(text: str) -> str:
    """As it can be sent: lines end with CRLF, the last one too; surrogates are no characters."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    return (plain if plain.endswith("\n") else f"{plain}\n").replace("\n", "\r\n")


def mailbox_of(message: Message, header: str) -> tuple[str, str]:
    """By the older parser, which joins encoded words as RFC 2047 says (the newer one does not)."""
    raw = message_from_bytes(message.content)[header]
    return parseaddr(str(make_header(decode_header(" ".join(raw.split())))))


def fits_every_server(content: bytes) -> bool:
    """7bit, lines ended by CRLF alone, none longer than RFC 5322 permits."""
    lines = content.split(b"\r\n")
    octets = content.replace(b"\r\n", b"")
    return (
        content.isascii()
        and b"\0" not in content
        and not {*b"\r\n"} & {*octets}
        and max(map(len, lines)) <= 998
    )


def header_lines(message: Message) -> Sequence[bytes]:
    return message.content.partition(b"\r\n\r\n")[0].split(b"\r\n")


@given(text=TEXTS, html=TEXTS)
def test_text_and_html_come_out_as_they_were_put_in(text: str, html: str) -> None:
    message = compose(Letter("Hello", text, html), posting())
    found = read(message)

    assert fits_every_server(message.content)
    assert text_of(found.get_body(["plain"])) == as_sent(text)
    if html:
        assert found.get_content_type() == "multipart/alternative"
        assert [part.get_content_subtype() for part in found.iter_parts()] == ["plain", "html"]
        assert text_of(found.get_body(["html"])) == as_sent(html)


@given(subject=TEXTS)
def test_a_subject_comes_out_as_one_line(subject: str) -> None:
    message = compose(Letter(subject, "x"), posting())

    assert read(message)["Subject"] == one_line(subject, LONGEST_SUBJECT)
    assert {*read(message).keys()} == NAMES
    assert max(map(len, header_lines(message))) <= 78


@given(name=TEXTS)
def test_a_name_comes_out_as_a_name_and_adds_no_recipient(name: str) -> None:
    message = compose(HELLO, posting(BEN._replace(name=name), ANN._replace(name=name)))
    found = read(message)

    assert mailbox_of(message, "To") == (display_name(name), "ben@x.test")
    assert mailbox_of(message, "From") == (display_name(name), "ann@acme.example")
    assert [each.addr_spec for each in found["To"].addresses] == ["ben@x.test"]
    assert [each.addr_spec for each in found["From"].addresses] == ["ann@acme.example"]
    assert {*found.keys()} == NAMES
    assert max(map(len, header_lines(message))) <= 78


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_hostile_adds_a_header_or_a_recipient(hostile: str) -> None:
    thread = Thread(hostile, (hostile, f"<{hostile}>"))
    person = Person("ben@x.test", hostile, {"a": hostile})
    message = compose(
        Letter(hostile, hostile, hostile),
        posting(person, ANN._replace(name=hostile), BY_MAIL, thread),
    )
    found = read(message)

    assert {*found.keys()} <= NAMES | {"In-Reply-To", "References"}
    assert [each.addr_spec for each in found["To"].addresses] == ["ben@x.test"]
    assert "eve@x.test" not in str(found["References"])


@pytest.mark.rule("M2")
def test_the_message_id_and_a_header_of_our_own_have_the_same_left_part_for_ever() -> None:
    message = compose(HELLO, posting())
    found = read(message)

    assert message.message_id == found["Message-ID"] == f"<{LEFT}@acme.example>"
    assert found[OUR_ID] == LEFT
    assert message == compose(HELLO, posting())


@pytest.mark.rule("M5")
def test_a_follow_up_keeps_the_thread() -> None:
    ids = [f"<{number}@{'x' * 60}.example>" for number in range(30)]
    found = read(compose(HELLO, posting(thread=Thread("Hello", ids))))

    assert found["In-Reply-To"] == ids[-1]
    assert found["References"].split() == [ids[0], *ids[-19:]]


def test_the_first_message_answers_none() -> None:
    found = read(compose(HELLO, posting()))

    assert found["In-Reply-To"] is None
    assert found["References"] is None


@pytest.mark.rule("M5")
def test_one_click_is_offered_only_where_https_leads_here() -> None:
    by_mail = read(compose(HELLO, posting()))
    by_click = read(compose(HELLO, posting(unsubscribing=BY_CLICK)))

    assert by_mail["List-Unsubscribe"] == f"<{BY_MAIL.mailto}>"
    assert by_mail["List-Unsubscribe-Post"] is None
    assert by_click["List-Unsubscribe"] == f"<{BY_CLICK.https}>, <{BY_CLICK.mailto}>"
    assert by_click["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("odd", ["mailto:a@b>\r\nBcc: x", "https://a/ b", "https://ä", ""])
def test_what_is_no_uri_is_in_no_header(odd: str) -> None:
    with pytest.raises(ValueError, match="expected a URI"):
        compose(HELLO, posting(unsubscribing=Unsubscribing(odd or ">")))


def test_the_date_is_that_of_the_posting() -> None:
    assert parsedate_to_datetime(read(compose(HELLO, posting()))["Date"]) == NOON


def test_a_domain_of_any_script_goes_in_ascii() -> None:
    message = compose(HELLO, posting(BEN._replace(address="ben@bücher.example")))

    assert message.address == "ben@xn--bcher-kva.example"
    assert read(message)["To"].addresses[0].addr_spec == message.address


@given(address=st.one_of(st.emails(), TEXTS, TEXTS.map("ben@x.test{}".format)))
def test_an_address_is_refused_or_the_only_one_of_its_header(address: str) -> None:
    try:
        message = compose(HELLO, posting(BEN._replace(address=address)))
    except AddressUnusable:
        return
    found = read(message)

    assert [each.addr_spec for each in found["To"].addresses] == [message.address]
    assert {*found.keys()} == NAMES


def test_what_stands_around_an_address_is_no_part_of_it() -> None:
    message = compose(HELLO, posting(BEN._replace(address=" Ben@X.test\r\n ")))

    assert message.address == "ben@x.test"
    assert b"To: Ben Hur <ben@x.test>\r\nSubject" in message.content


@pytest.mark.rule("F1")
@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("jörg@x.test", "has a character that is not ASCII: U+00F6 ö"),
        ("ben", "is no email address: it has no @"),
        ("ben@x.test\r\nBcc: eve@x.test", "is no email address: it has more than one @"),
        ("ben@x.test>", "is no email address: what follows the @ is no domain"),
        (f"{'b' * 65}@x.test", "is no email address: it is too long"),
        ("", "is empty"),
    ],
)
def test_an_address_that_takes_no_mail_is_refused_with_a_sentence(address: str, told: str) -> None:
    with pytest.raises(AddressUnusable) as refused:
        compose(HELLO, posting(BEN._replace(address=address)))

    assert str(refused.value).startswith(f"The recipient's address {told}")
    with pytest.raises(AddressUnusable, match="The account's address"):
        compose(HELLO, posting(sender=ANN._replace(address=address)))


def test_a_boundary_in_the_text_divides_nothing() -> None:
    text = f"--=_{LEFT}\r\n--=_{LEFT}--\r\n"
    found = read(compose(Letter("Hello", text, "<p>x</p>"), posting()))

    assert text_of(found.get_body(["plain"])) == text
