"""Whatever arrives: it is judged, in bounded time and memory, and ends nobody it does not name."""

import base64
import random
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.mail.inbound.reading import read, read_headers
from engine.work.inbound import OCTETS, Kind, Sent, SentList
from tests.mail.inbound.examples import examples
from tests.mail.inbound.letters import ANN, BEN, DAEMON, FROM_BEN, SENT, block, letter, report

ENDING = {Kind.REPLY, Kind.BOUNCE, Kind.UNSUBSCRIBE, Kind.COMPLAINT}
SECONDS = 2.0
"""Of a processor, for one message. The slowest take a tenth of it."""
REPEATED = (
    *("a", " ", "\n", "\r", "\0", "<", "<a ", "@", "a@", "a@b", "=?", "=?utf-8?q?", "from:a\n"),
    *(
        "on a\n",
        "a: b\n",
        "a:\n ",
        "-",
        "--",
        "_",
        "<style",
        "&#",
        "until ",
        "until 5 ",
        "5.",
        "1/",
    ),
    *("may 5 - ", "(", '"', "\\", ";", "; a=", "user ", "recipient a", "Message-ID: <", "wrote: "),
    *(
        f"{block(BEN)}\n\n",
        "copy of the ",
        f"<{BEN}>: ",
        "the following addresses had ",
        "ﷺ",
        "e\u0301",
    ),
    *(
        "here is your list of failed recipients\n<",
        "failed addresses follow:\na",
        "\udcff",
        "will be ",
    ),
)
PLACES: dict[str, Callable[[str], bytes]] = {
    "a header": lambda text: letter({**FROM_BEN, "Subject": text}, "x"),
    "references": lambda text: letter({"From": BEN, "References": text}, "x"),
    "a sender": lambda text: letter({"From": text}, "x"),
    "a type": lambda text: letter({**FROM_BEN, "Content-Type": f"multipart/mixed; {text}"}, "x"),
    "a charset": lambda text: letter({**FROM_BEN, "Content-Type": f"text/plain; charset={text}"}),
    "all": lambda text: text.encode("utf-8", "surrogateescape"),
    "a text": lambda text: letter(FROM_BEN, text),
    "an automatic answer": lambda text: letter({**FROM_BEN, "X-Autoreply": "yes"}, text),
    "HTML": lambda text: letter({**FROM_BEN, "Content-Type": "text/html"}, text),
    "a notice": lambda text: letter(DAEMON, text),
    "a report": report,
    "base64": lambda text: letter(
        {**FROM_BEN, "Content-Transfer-Encoding": "base64"},
        base64.b64encode(text.encode("utf-8", "surrogateescape")).decode(),
    ),
}
BOMBS = {
    "parts within parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at) for at in range(3_000)
    ),
    "many parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 200_000,
    "one boundary": b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" * 20_000,
    "messages within messages": b"Content-Type: message/rfc822\n\n" * 30_000,
    "no end": b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + b"x" * 2_000_000,
}
CHARSETS = (
    *("punycode", "idna", "utf-7", "base64", "hex", "zip", "unicode_escape", "undefined", "rot13"),
    *("utf-16", "utf-8\0", "../../etc/passwd", "x" * 300, "ISO-2022-JP", "é", ""),
)


def timed(octets: bytes) -> float:
    began = time.process_time()
    read(octets, SENT)
    return time.process_time() - began


@pytest.mark.parametrize("place", PLACES)
def test_no_text_takes_long_however_long_it_is(place: str) -> None:
    for unit in REPEATED:
        assert timed(PLACES[place](unit * (200_000 // len(unit)))) < SECONDS, unit


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_parts_are_limited_in_depth_and_number(bomb: bytes) -> None:
    assert timed(letter(FROM_BEN).rstrip() + b"\n" + bomb) < SECONDS


def test_of_a_hundred_megabytes_the_beginning_is_read() -> None:
    octets = letter(FROM_BEN, "Yes please\n") + b"x" * 100_000_000
    tracemalloc.start()
    assert read(octets, SENT).kind is Kind.REPLY
    assert tracemalloc.get_traced_memory()[1] < 16 * OCTETS
    tracemalloc.stop()


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("octets", [b"until 5 May \xff\xfe", b"\x1b$B\x80"])
def test_a_charset_that_lies_is_one_that_is_guessed(charset: str, octets: bytes) -> None:
    type_ = f'text/plain; charset="{charset}"'
    head = letter({**FROM_BEN, "Content-Type": type_, "Subject": f"=?{charset}?b?/v8=?="})

    assert read(head + octets, SENT).kind is Kind.REPLY


def strangers() -> SentList:
    """Somebody to whom nothing among the examples was addressed."""
    return SentList(ANN, [Sent("0d1e2f", "spring", "r7", "nobody-at-all@strange.test")])


def mutated(octets: bytes, dice: random.Random) -> bytes:
    """A few things that happen to mail, or that somebody does to it."""
    lines = octets.split(b"\n")
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(lines))
        match dice.randrange(8):
            case 0:
                del lines[at : at + dice.randrange(1, 4)]
            case 1:
                lines.insert(at, dice.choice(lines))
            case 2:
                lines[at] = lines[at].replace(b":", b"", 1)
            case 3:
                lines[at] += dice.randbytes(dice.randrange(1, 2_000))
            case 4:
                lines[at] = b" " + lines[at]
            case 5:
                lines[at] = lines[at][: dice.randrange(len(lines[at]) + 1)]
            case 6:
                lines[at] = b""
            case _:
                dice.shuffle(lines)
        lines = lines or [b""]
    return dice.choice((b"\n", b"\r\n", b"\r")).join(lines)


def mutations(number: int, seed: int) -> Iterator[tuple[bytes, SentList]]:
    dice = random.Random(seed)
    known = [(each.octets, each.sent) for each in examples()]
    for _ in range(number):
        octets, sent = dice.choice(known)
        if dice.random() < 0.2:
            octets += dice.choice(known)[0]
        yield mutated(octets, dice), sent


def check_mutations(number: int, seed: int) -> float:
    """Answers the seconds of the slowest."""
    slowest = 0.0
    for octets, sent in mutations(number, seed):
        began = time.process_time()
        found = read(octets, sent)
        slowest = max(slowest, time.process_time() - began)
        assert set(found.recipients) <= {"r1"}
        assert read_headers(octets, sent) in (None, found)
        assert read(octets, strangers()).recipients == []
    return slowest


def test_mutated_messages_end_nobody_they_do_not_name() -> None:
    assert check_mutations(400, seed=1) < SECONDS


@pytest.mark.soak
def test_ten_thousand_mutated_messages_end_nobody_they_do_not_name() -> None:
    assert check_mutations(10_000, seed=2) < SECONDS


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2_000))
def test_any_octets_are_judged(octets: bytes) -> None:
    assert read(octets, SENT).kind not in ENDING
    assert read(letter(FROM_BEN).rstrip() + b"\n" + octets, SENT).kind in Kind


HEADERS = st.sampled_from(("From", "Return-Path", "Subject", "Date", "Content-Type", "References"))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(HEADERS, st.text(max_size=80)), st.text(max_size=200))
def test_any_headers_and_text_are_judged(headers: dict[str, str], text: str) -> None:
    encodable = {name: value.replace("\n", "") for name, value in headers.items()}
    found = read(_letter(encodable, text), SENT)

    assert found.kind not in ENDING or set(found.recipients) <= {"r1", "r2"}


def _letter(headers: dict[str, str], text: str) -> bytes:
    lines = "".join(f"{name}: {value}\n" for name, value in headers.items())
    return f"{lines}\n{text}".encode("utf-8", "replace")
