"""What an inbox reader fetches, and what it does where a server fails it (M4, M5)."""

from typing import Final

import pytest

from adapters.mail.sandbox.faults import Act
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.wire.cursor import Place, places, text_of
from adapters.mail.wire.inbox import BODY_OCTETS, Fetched, Need
from engine.ports.clock import ManualClock
from engine.work.inbound import Kind
from engine.work.ports import AccountTrouble, Incoming, Mailbox
from tests.law.story import NOON
from tests.mail.mail_contract import abouts, read
from tests.mail.test_probe import ANN
from tests.mail.wire.answers import answer
from tests.mail.wire.mailboxes import SandboxMail, wire_to

REPLIED: Final = Kind.REPLY


@pytest.mark.rule("M5")
def test_junk_is_read_too(sandbox: Sandbox, provider: SandboxMail) -> None:
    sandbox.deliver(ANN, answer("<r1@x>", REPLIED), "Junk")
    first = read(provider, "")
    assert abouts(first) == ["r1"]
    assert read(provider, first.cursor).messages == []


@pytest.mark.rule("M5")
def test_a_message_that_is_moved_keeps_its_key(sandbox: Sandbox, provider: SandboxMail) -> None:
    moved = answer("<r1@x>", REPLIED)
    sandbox.deliver(ANN, moved, "Junk")
    first = read(provider, "")
    sandbox.deliver(ANN, moved)
    assert read(provider, first.cursor).messages == first.messages


@pytest.mark.rule("M4")
def test_an_inbox_is_read_up_to_the_moment_before_it_was_asked(provider: SandboxMail) -> None:
    clock = ManualClock(NOON)
    wire = wire_to(provider.site, clock=clock)
    arrivals = wire.inbox.since(provider.mailbox, "")
    wire.close()
    assert not isinstance(arrivals, AccountTrouble)
    assert arrivals.read_until == NOON


def test_bodies_are_fetched_only_where_headers_do_not_decide_and_never_whole_without_end(
    sandbox: Sandbox, provider: SandboxMail
) -> None:
    seen: list[Fetched] = []

    def means(_: Mailbox, fetched: Fetched) -> Incoming | Need | None:
        seen.append(fetched)
        return None if fetched.whole or b"Subject: short" in fetched.octets else Need.BODY

    sandbox.deliver(ANN, b"Subject: short\r\n\r\nhello\r\n")
    sandbox.deliver(ANN, b"Subject: long\r\n\r\n" + b"x" * 70 * (BODY_OCTETS // 70) * 2)
    wire = wire_to(provider.site, means)
    wire.inbox.since(provider.mailbox, "")
    wire.close()
    assert [each.whole for each in seen] == [False, False, True]
    assert seen[0].octets == b"Subject: short\r\n\r\n"
    assert len(seen[2].octets) == BODY_OCTETS
    assert seen[2].received is not None
    assert seen[2].received.tzinfo is not None


@pytest.mark.rule("M5")
@pytest.mark.parametrize("stage", ["select", "search", "fetch"])
@pytest.mark.parametrize("act", [Act.DROP, Act.HALF, Act.SAY])
def test_a_reading_that_fails_loses_nothing(
    sandbox: Sandbox, provider: SandboxMail, stage: str, act: Act
) -> None:
    before = read(provider, "")
    provider.answer("<r1@x>", REPLIED)
    sandbox.fail("imap", stage, act, text="NO [UNAVAILABLE] Not now")
    trouble = provider.inbox.since(provider.mailbox, before.cursor)
    sandbox.relent()
    assert isinstance(trouble, AccountTrouble)
    assert abouts(read(provider, before.cursor)) == ["r1"]


def test_a_message_that_the_server_cannot_read_hides_no_other(
    sandbox: Sandbox, provider: SandboxMail
) -> None:
    for number in range(4):
        provider.answer(f"<r{number}@x>", REPLIED)
    sandbox.fail("imap", "fetch", Act.SAY, text="NO It cannot be converted", times=2)
    assert abouts(read(provider, "")) == ["r1", "r2", "r3"]


def test_a_session_that_the_server_has_left_is_opened_anew(
    sandbox: Sandbox, provider: SandboxMail
) -> None:
    before = read(provider, "")
    provider.answer("<r1@x>", REPLIED)
    sandbox.fail("imap", "select", Act.DROP, times=1)
    assert abouts(read(provider, before.cursor)) == ["r1"]


def test_a_cursor_is_a_text_and_any_text_may_come_as_one() -> None:
    known = {"INBOX": Place(7, 9), "[Gmail]/Süß": Place(1, 2)}
    assert places(text_of(known)) == known
    for text in ("", "{}", "17", "null", '{"INBOX":[1]}', "{", "\0"):
        assert places(text) == {}
