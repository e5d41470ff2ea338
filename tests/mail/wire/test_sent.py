"""Which provider files what it accepts, and how a message is found in its Sent folder (M2)."""

import time
from contextlib import closing

import pytest

from adapters.mail.sandbox.faults import Act
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.wire.limits import WireLimits
from engine.work.ports import Outcome, Search
from tests.mail.mail_contract import ADA, always, message_to
from tests.mail.test_probe import ANN
from tests.mail.wire.mailboxes import SandboxMail, wire_to

pytestmark = pytest.mark.rule("M2")


def test_a_provider_that_files_by_itself_gets_no_copy_of_ours(
    sandbox: Sandbox, provider: SandboxMail
) -> None:
    for name in ("r1.intro", "r2.intro"):
        message = message_to(ADA, name)
        assert provider.transport.submit(provider.mailbox, message, always) is Outcome.ACCEPTED
        assert provider.transport.file_copy(provider.mailbox, message)
    filed = sandbox.messages(ANN, "Sent")
    assert len(filed) == 2
    assert "X-Sendledger-Copy" not in "".join(filed)


def test_a_provider_that_files_late_is_waited_for_and_believed(
    sandbox: Sandbox, provider: SandboxMail
) -> None:
    provider.transport.submit(provider.mailbox, message_to(ADA), always)
    late = message_to(ADA, "r2.intro")
    assert provider.transport.file_copy(provider.mailbox, late)
    assert len(sandbox.messages(ANN, "Sent")) == 1


def test_only_the_first_copy_of_an_account_waits(sandbox: Sandbox) -> None:
    wait = 2.0
    provider = SandboxMail(sandbox, files_sent=False)
    with closing(wire_to(provider.site, limits=WireLimits(filing=(wait,)))) as wire:
        assert wire.transport.file_copy(provider.mailbox, message_to(ADA))
        begun = time.monotonic()
        for name in ("r2.intro", "r3.intro"):
            assert wire.transport.file_copy(provider.mailbox, message_to(ADA, name))
        assert time.monotonic() - begun < wait
    assert len(sandbox.messages(ANN, "Sent")) == 3


def test_a_full_mailbox_takes_no_copy_and_its_session_stays(sandbox: Sandbox) -> None:
    provider = SandboxMail(sandbox, files_sent=False)
    provider.transport.was_sent(provider.mailbox, "<r0.intro@x>")
    sandbox.fail("imap", "login", Act.SAY, text="NO [LIMIT] Too many logins")
    sandbox.fail("imap", "append", Act.SAY, text="NO [OVERQUOTA] Quota exceeded", times=2)
    for name in ("r1.intro", "r2.intro"):
        assert not provider.transport.file_copy(provider.mailbox, message_to(ADA, name))
    assert provider.transport.file_copy(provider.mailbox, message_to(ADA, "r3.intro"))
    provider.close()


def test_a_message_is_found_that_the_provider_gave_another_id(sandbox: Sandbox) -> None:
    provider = SandboxMail(sandbox, renames=True)
    message = message_to(ADA)
    provider.transport.submit(provider.mailbox, message, always)
    assert not sandbox.messages(ANN, "Sent")[0].startswith(f"Message-ID: {message.message_id}")
    found = provider.transport.was_sent(provider.mailbox, message.message_id)
    assert found is Search.FOUND
    provider.close()


def test_a_message_is_found_by_our_own_header_alone(
    sandbox: Sandbox, provider: SandboxMail
) -> None:
    sandbox.deliver(ANN, "Message-ID: <other@x>\nX-Sendledger-Id: r1.intro\n\nHi\n", "Sent")
    found = provider.transport.was_sent(provider.mailbox, "<r1.intro@acme.example>")
    assert found is Search.FOUND


def test_somebody_else_s_mail_in_the_folder_proves_nothing(
    sandbox: Sandbox, provider: SandboxMail
) -> None:
    sandbox.deliver(ANN, "Message-ID: <other@x>\n\nHi\n", "Sent")
    found = provider.transport.was_sent(provider.mailbox, "<r1.intro@acme.example>")
    assert found is Search.INCONCLUSIVE


@pytest.mark.parametrize("message_id", ["", "<@x>", '<a"b@x>', "<é@x>", "<a\r\nb@x>"])
def test_what_is_no_id_is_not_searched_for(provider: SandboxMail, message_id: str) -> None:
    provider.transport.submit(provider.mailbox, message_to(ADA), always)
    assert provider.transport.was_sent(provider.mailbox, message_id) is Search.INCONCLUSIVE


@pytest.mark.parametrize("stage", ["select", "search", "fetch", "list"])
@pytest.mark.parametrize("act", [Act.DROP, Act.SAY])
def test_a_search_that_fails_is_inconclusive(
    sandbox: Sandbox, provider: SandboxMail, stage: str, act: Act
) -> None:
    provider.transport.submit(provider.mailbox, message_to(ADA), always)
    sandbox.fail("imap", stage, act, text="NO Not now")
    found = provider.transport.was_sent(provider.mailbox, "<r1.intro@acme.example>")
    assert found is Search.INCONCLUSIVE
    assert not provider.transport.file_copy(provider.mailbox, message_to(ADA))


def test_a_copy_whose_answer_was_lost_is_not_filed_twice(sandbox: Sandbox) -> None:
    provider = SandboxMail(sandbox, files_sent=False)
    provider.transport.file_copy(provider.mailbox, message_to(ADA))
    sandbox.fail("imap", "append", Act.LOSE, times=1)
    assert provider.transport.file_copy(provider.mailbox, message_to(ADA, "r2.intro"))
    assert len(sandbox.messages(ANN, "Sent")) == 2
    provider.close()
