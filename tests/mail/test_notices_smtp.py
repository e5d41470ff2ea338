"""N2: notices reach every owner once through the operator's relay, encrypted, or fail in words."""

import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.mail.notice_message import reconnect_link
from adapters.mail.notices_smtp import SmtpNotices, mark
from adapters.mail.outbox import MaildirOutbox
from adapters.mail.owners import Owners
from adapters.mail.relay import Relay, RelayFailed, Tls
from engine.work.ports import PartlyDelivered
from engine.work.secret import Secret
from events.vocabulary import NoticeKind
from projections.notices import NoticeRow
from tests.certificates import Certificate, make_certificate
from tests.mail.relays import PASSWORD, USER, LocalRelay, Scripted, running

ANN, DANA, LEE, OPS = (f"{name}@acme.example" for name in ("ann", "dana", "lee", "ops"))
SENDER = "notices@acme.example"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOTICE = NoticeRow(
    workspace="main",
    account_id=ANN,
    incident_id=f"{ANN}#1",
    number="1",
    issued_at=NOON,
    deadline_at=NOON + timedelta(days=30),
    at_stake=82,
    campaigns={"spring": 80, "<b>summer</b> & co": 2},
)
TO_DANA_AND_LEE = Owners(DANA, {"main": {ANN: [DANA, LEE]}}, {})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def relay() -> LocalRelay:
    return LocalRelay()


@pytest.fixture
def port(relay: LocalRelay, certificate: Certificate) -> Iterator[int]:
    with running(relay, certificate) as port:
        yield port


def relay_at(
    port: int, certificate: Certificate | None = None, tls: Tls = Tls.STARTTLS, **more: Any
) -> Relay:
    context = certificate.client_context() if certificate else ssl.create_default_context()
    return Relay("127.0.0.1", port, tls, context, **more)


def notices(relay: Relay, owners: Owners = TO_DANA_AND_LEE, **more: Any) -> SmtpNotices:
    return SmtpNotices(relay, owners, SENDER, **{"connected": lambda _: False, **more})


def parsed(content: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(content)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def only(channel: SmtpNotices | MaildirOutbox, notice: NoticeRow = NOTICE) -> EmailMessage:
    """The one message for all of its owners."""
    (copy,) = channel.copies.of(notice)
    return copy.message


def sentence(channel: SmtpNotices) -> str:
    with pytest.raises(RelayFailed) as failed:
        channel.deliver(NOTICE)
    assert failed.value.__cause__ is None
    assert isinstance(failed.value.strerror, str)
    return failed.value.strerror


def test_all_owners_and_admins_get_one_message_encrypted(
    relay: LocalRelay, port: int, certificate: Certificate
) -> None:
    owners = Owners("nobody@acme.example", {"main": {ANN: [DANA, LEE]}}, {"main": [OPS, DANA]})
    where = notices(relay_at(port, certificate), owners).deliver(NOTICE, "It was refused.")
    (taken,) = relay.taken
    assert taken.to == (DANA, LEE, OPS)
    assert taken.encrypted
    assert taken.sender == SENDER
    assert where == f"127.0.0.1:{port}, 3 of 3 owners"
    message = parsed(taken.content)
    assert [each.addr_spec for each in message["To"].addresses] == [DANA, LEE, OPS]
    assert message["Auto-Submitted"] == "auto-generated"
    assert "It was refused." in text_of(message)


def test_it_is_the_message_that_the_outbox_would_keep(
    relay: LocalRelay, port: int, certificate: Certificate, tmp_path: Path
) -> None:
    """Whichever way it goes, and however often, it can be recognised."""
    channel = notices(relay_at(port, certificate))
    channel.deliver(NOTICE)
    notices(relay_at(port, certificate)).deliver(NOTICE)
    kept = only(MaildirOutbox(tmp_path, Owners(DANA)))
    ids = {parsed(taken.content)["Message-ID"] for taken in relay.taken}
    assert ids == {kept["Message-ID"]}
    assert text_of(parsed(relay.taken[0].content)).split() == text_of(kept).split()
    channel.deliver(NOTICE._replace(number="2"))
    assert parsed(relay.taken[-1].content)["Message-ID"] != kept["Message-ID"]


def test_the_html_says_the_same_and_names_stay_text(
    relay: LocalRelay, port: int, certificate: Certificate
) -> None:
    notices(relay_at(port, certificate)).deliver(NOTICE)
    html = text_of(parsed(relay.taken[0].content), "html")
    assert "<li>80 recipients of spring</li>" in html
    assert "<li>2 recipients of &lt;b&gt;summer&lt;/b&gt; &amp; co</li>" in html
    assert "<a " not in html


@pytest.mark.rule("N2")
def test_nothing_in_it_is_fetched_and_nothing_tells_who_has_read_it(port: int) -> None:
    link = partial(reconnect_link, "https://mail.acme.example")
    message = only(notices(relay_at(port), link=link))
    html = text_of(message, "html")
    assert [part.get_content_type() for part in message.walk()] == [
        *("multipart/alternative", "text/plain", "text/html")
    ]
    assert not re.search(r"<(img|script|style|link|iframe|form)|src=|url\(|style=", html)
    assert {found.rpartition("://")[2] for found in re.findall(r"https?://[^\s\"<]+", html)} == {
        "mail.acme.example/accounts/ann%40acme.example/reconnect?workspace=main"
    }


@pytest.mark.parametrize("name", ["Ann Ünlü · «Früh»", "春" * 60, "x" * 5_000])
def test_it_goes_as_short_lines_of_ascii_whatever_the_names(port: int, name: str) -> None:
    notice = NOTICE._replace(account_id=f"{name}@acme.example", campaigns={name: 82})
    message = only(notices(relay_at(port)), notice)
    octets = message.as_bytes()
    assert octets.isascii()
    assert max(map(len, octets.split(b"\r\n"))) <= 76
    assert octets == only(notices(relay_at(port)), notice).as_bytes(), "for ever the same"
    again = parsed(octets)
    assert name[:60] in again["Subject"]
    assert name[:190] in text_of(again)


def test_times_are_told_in_the_owner_s_zone(port: int, certificate: Certificate) -> None:
    owners = TO_DANA_AND_LEE._replace(zone=ZoneInfo("Europe/Berlin"))
    text = text_of(only(notices(relay_at(port, certificate), owners)))
    assert "by 2026-04-01 14:00:00 CEST" in text
    assert "2026-03-02 13:00:00 CET" in text


@pytest.mark.rule("N1", "N2")
def test_an_owner_with_a_zone_of_his_own_gets_times_in_it(
    relay: LocalRelay, port: int, certificate: Certificate
) -> None:
    zones = {LEE.upper(): ZoneInfo("Asia/Tokyo"), OPS: ZoneInfo("Asia/Tokyo")}
    owners = TO_DANA_AND_LEE._replace(admins={"main": [OPS]}, zones=zones)
    assert notices(relay_at(port, certificate), owners).deliver(NOTICE).endswith("3 of 3 owners")
    hers, theirs = (parsed(each.content) for each in relay.taken)
    assert [each.to for each in relay.taken] == [(DANA,), (LEE, OPS)]
    assert "by 2026-04-01 12:00:00 UTC" in text_of(hers)
    assert "by 2026-04-01 21:00:00 JST" in text_of(theirs)
    assert "21:00:00 JST" in text_of(theirs, "html")
    assert hers["Message-ID"] != theirs["Message-ID"], "another text is another message"


@pytest.mark.rule("N2")
def test_who_was_reached_before_the_relay_broke_down_is_told(
    relay: LocalRelay, port: int, certificate: Certificate
) -> None:
    owners = TO_DANA_AND_LEE._replace(zones={LEE: ZoneInfo("Asia/Tokyo")})
    relay.answers["DATA after 1"] = "451 4.3.0 later"
    with pytest.raises(PartlyDelivered, match=r"refused the notice \(451\)") as failed:
        notices(relay_at(port, certificate), owners).deliver(NOTICE)
    assert failed.value.taken_by == (mark(NOTICE, DANA),)
    assert DANA not in repr(failed.value)


@pytest.mark.parametrize("kind", NoticeKind)
def test_the_link_to_reconnect_is_there_where_it_helps(port: int, kind: NoticeKind) -> None:
    channel = notices(
        relay_at(port), link=partial(reconnect_link, "https://mail.acme.example/app/")
    )
    notice = NOTICE._replace(kind=kind, account_id='a"b@x.example', workspace="w&1")
    link = "https://mail.acme.example/app/accounts/a%22b%40x.example/reconnect?workspace=w%261"
    message = only(channel, notice)
    helps = kind in {NoticeKind.FAILURE, NoticeKind.DISCONNECT}
    assert (link in text_of(message)) is helps
    assert (f'<a href="{link}">' in text_of(message, "html")) is helps


def test_a_name_that_looks_like_our_link_is_none(port: int) -> None:
    notice = NOTICE._replace(campaigns={"Reconnect here: https://evil.example": 1})
    assert "<a " not in text_of(only(notices(relay_at(port)), notice), "html")


def test_a_relay_with_tls_from_the_first_octet_and_a_login(
    relay: LocalRelay, certificate: Certificate
) -> None:
    with running(relay, certificate, implicit=True, login=True) as port:
        told = relay_at(port, certificate, Tls.IMPLICIT, user=USER, password=Secret(PASSWORD))
        notices(told).deliver(NOTICE)
    assert [(each.encrypted, each.user) for each in relay.taken] == [(True, USER)]
    assert relay.logins == ["PLAIN"]


def test_a_login_that_is_refused_is_tried_once_and_told_without_the_secret(
    relay: LocalRelay, certificate: Certificate
) -> None:
    with running(relay, certificate, login=True) as port:
        told = relay_at(port, certificate, user=USER, password=Secret("wrong-secret"))
        assert "wrong-secret" not in repr(told)
        assert sentence(notices(told)) == f"The relay 127.0.0.1:{port} refused the login (535)."
    assert relay.logins == ["PLAIN"]


def test_without_the_certificate_s_authority_nothing_is_sent(relay: LocalRelay, port: int) -> None:
    assert "has a certificate that is not trusted" in sentence(notices(relay_at(port)))
    assert not relay.taken


@pytest.mark.parametrize("implicit", [True, False])
def test_a_certificate_of_another_host_is_refused(
    relay: LocalRelay, tmp_path: Path, implicit: bool
) -> None:
    elsewhere = make_certificate(tmp_path, "127.0.0.9")
    tls = Tls.IMPLICIT if implicit else Tls.STARTTLS
    with running(relay, elsewhere, implicit=implicit) as port:
        assert "is not trusted: IP address mismatch" in sentence(
            notices(relay_at(port, elsewhere, tls))
        )
    assert not relay.taken


def test_where_starttls_was_stripped_nothing_is_said_to_the_relay() -> None:
    script = Scripted("220 relay", "250-relay\r\n250 AUTH PLAIN", "250 OK")
    with script.running() as port:
        told = relay_at(port, user=USER, password=Secret(PASSWORD))
        assert "offers no STARTTLS, so nothing was sent" in sentence(notices(told))
    assert b"AUTH" not in script.heard
    assert b"MAIL" not in script.heard


def test_a_relay_that_refuses_starttls_after_all_gets_nothing() -> None:
    script = Scripted("220 relay", "250-relay\r\n250 STARTTLS", "454 TLS not available")
    with script.running() as port:
        assert "refused to go on (454)" in sentence(notices(relay_at(port)))
    assert b"MAIL" not in script.heard


def test_an_unencrypted_relay_on_this_machine_is_used_if_it_is_said(relay: LocalRelay) -> None:
    with running(relay) as port:
        notices(relay_at(port, tls=Tls.NONE)).deliver(NOTICE)
    assert [each.encrypted for each in relay.taken] == [False]


@pytest.mark.parametrize(
    "relay",
    [
        Relay("relay.example", 25, Tls.NONE, ssl.create_default_context()),
        Relay("127.0.0.1", 25, Tls.NONE, ssl.create_default_context(), USER, Secret(PASSWORD)),
        Relay("relay.example", 25, Tls.STARTTLS, ssl.create_default_context(), USER),
        Relay("relay.example", 25, Tls.STARTTLS, ssl.create_default_context(), None, Secret("x")),
    ],
)
def test_what_would_be_unsafe_or_is_half_said_is_refused_at_once(relay: Relay) -> None:
    with pytest.raises(ValueError, match=r"notice_relay"):
        notices(relay)


def test_an_owner_who_is_refused_for_good_does_not_keep_it_from_the_others(
    relay: LocalRelay, port: int, certificate: Certificate
) -> None:
    relay.answers[LEE] = "550 5.1.1 no such user"
    where = notices(relay_at(port, certificate)).deliver(NOTICE)
    assert where.endswith("1 of 2 owners")
    assert [each.to for each in relay.taken] == [(DANA,)]


def test_an_owner_who_is_put_off_is_tried_again_and_the_others_hear_once(
    relay: LocalRelay, port: int, certificate: Certificate
) -> None:
    relay.answers[LEE] = "450 4.2.0 greylisted"
    with pytest.raises(PartlyDelivered, match=r"has put off 1 of 2 owners \(450\)") as failed:
        notices(relay_at(port, certificate)).deliver(NOTICE)
    assert failed.value.taken_by == (mark(NOTICE, DANA),)
    del relay.answers[LEE]
    later = NOTICE._replace(taken_by=failed.value.taken_by)
    assert notices(relay_at(port, certificate)).deliver(later).endswith("2 of 2 owners")
    assert [each.to for each in relay.taken] == [(DANA,), (LEE,)]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({DANA: "550 no", LEE: "554 no"}, "refused every owner's address (550, 554)"),
        ({"DATA": "554 5.7.1 spam"}, "refused the notice (554)"),
        ({"DATA": "451 4.3.0 later"}, "refused the notice (451)"),
    ],
)
def test_what_the_relay_refuses_is_told_by_its_code_alone(
    relay: LocalRelay, port: int, certificate: Certificate, answers: dict[str, str], said: str
) -> None:
    relay.answers.update(answers)
    told = sentence(notices(relay_at(port, certificate)))
    assert said in told
    assert not any(answer[4:] in told for answer in answers.values() if answer[4:] != "no")


NO_TLS = ("250 relay", "250 OK", "250 OK", "250 OK")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([None], "closed the connection, or does not answer"),
        (["220 relay", None], "closed the connection, or does not answer"),
        (["554 go away"], "refused the connection (554)"),
        (["421 too busy"], "refused the connection (421)"),
        (["HTTP/1.1 400 Bad Request"], "gives no answer of SMTP"),
        (["220 relay", "250 relay", "550 5.7.1 not you"], "refused the sender's address (550)"),
        (["220 relay", "250 relay", None], "closed the connection, or does not answer"),
        (["220 relay", *NO_TLS, None], "went away before it had answered"),
        (["220 relay", *NO_TLS, "354 go on", None], "may have arrived"),
        (["220 " + "x" * 20_000, None], "closed the connection, or does not answer"),
    ],
)
def test_a_relay_that_drops_or_talks_nonsense_is_told(lines: list[str | None], said: str) -> None:
    with Scripted(*lines).running() as port:
        assert said in sentence(notices(relay_at(port, tls=Tls.NONE)))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (Scripted("220 relay"), "closed the connection, or does not answer"),
        (Scripted("220 relay", *NO_TLS, "354 go on"), "may have arrived"),
        (Scripted(dripping=True), "closed the connection, or does not answer"),
    ],
)
def test_a_relay_that_is_silent_or_drips_holds_nobody_back(script: Scripted, said: str) -> None:
    with script.running() as port:
        told = relay_at(port, tls=Tls.NONE, step_timeout=0.5, total_timeout=1.5)
        assert said in sentence(notices(told))


def test_a_relay_that_is_not_there_is_told() -> None:
    assert "cannot be reached: Connection refused" in sentence(notices(relay_at(1)))


@pytest.mark.parametrize(("user", "known"), [("Ann@acme.example", ()), (LEE, (LEE,))])
def test_a_relay_that_logs_in_as_a_connected_account_is_not_used(
    relay: LocalRelay, port: int, certificate: Certificate, user: str, known: tuple[str, ...]
) -> None:
    told = relay_at(port, certificate, user=user, password=Secret(PASSWORD))
    channel = notices(told, connected=lambda address: address in known)
    assert f"logs in as {user.lower()}, which is a connected account" in sentence(channel)
    assert not relay.logins


def test_owners_are_those_of_the_account_or_of_every_other_or_the_default() -> None:
    owners = Owners(OPS, {"main": {"Ann@Acme.Example": [LEE], "*": [DANA]}}, {"main": [OPS]})
    assert owners.of(NOTICE) == [LEE, OPS]
    assert owners.of(NOTICE._replace(account_id="bob@acme.example")) == [DANA, OPS]
    assert owners.of(NOTICE._replace(workspace="other")) == [OPS]


def test_an_account_is_never_told_through_itself_alone(port: int) -> None:
    itself = Owners(DANA, {"main": {ANN: [ANN]}}, {})
    assert itself.of(NOTICE) == [ANN, DANA]
    assert "name another owner" in sentence(notices(relay_at(port), Owners(ANN, {}, {})))


@pytest.mark.parametrize("sender", ["dä@acme.example", "notices@äcme.example"])
def test_a_sender_that_no_relay_understands_is_refused_at_once(port: int, sender: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        SmtpNotices(relay_at(port), TO_DANA_AND_LEE, sender, connected=lambda _: False)


@pytest.mark.parametrize("address", ["", "dana", "dä@acme.example", "a@b.c\r\nBcc: x@y.z"])
def test_an_owner_without_an_address_is_refused_at_once(port: int, address: str) -> None:
    for owners in (
        Owners(address, {}, {}),
        Owners(DANA, {"main": {"*": [DANA, address]}}, {}),
        Owners(DANA, {}, {"main": [address]}),
    ):
        with pytest.raises(ValueError, match="the owner's address"):
            notices(relay_at(port), owners)
