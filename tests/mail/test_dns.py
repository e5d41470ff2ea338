"""Servers proposed from an address, and what a sender's domain lacks, by name servers of ours."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from adapters.mail.dns import Dns, NoSuchName, Unanswered, address_and_port, dns_lookup
from adapters.mail.name_lookup import NameNotFound
from adapters.mail.network import AddressNotPermitted, NetworkPolicy
from adapters.mail.proposing import Proposal, proposed_servers
from adapters.mail.sender_domain import sender_domain_warnings
from adapters.settings.mail import SELECTORS
from engine.work.access import Security, Server
from tests.mail.dialled import connect
from tests.mail.servers.name_server import NameServer, Zone

IMPLICIT, STARTTLS = Security.IMPLICIT, Security.STARTTLS
KEY = '"v=DKIM1; k=rsa; p=MIGfMA0GCSq"'
WELL: Zone = {
    ("acme.test", "TXT"): ['"v=spf1 include:_spf.acme.test ~all"', '"google-site=1"'],
    ("_dmarc.acme.test", "TXT"): ['"v=DMARC1; p=quarantine; rua=mailto:a@acme.test"'],
    ("selector1._domainkey.acme.test", "TXT"): [KEY],
}
HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "silence": lambda _: b"",
    "noise": lambda _: b"\xff" * 40,
    "another's answer": lambda question: b"\0\0" + question[2:],
    "half an answer": lambda question: question[:14],
    "refusal": lambda question: question[:2] + b"\x81\x85" + question[4:],
    "failure": lambda question: question[:2] + b"\x81\x82" + question[4:],
}


def proposal(address: str, zone: Zone) -> Proposal:
    with NameServer(zone) as server:
        return proposed_servers(address, Dns([server.address], 2))


def warnings(zone: Zone, *selectors: str) -> list[str]:
    with NameServer(zone) as server:
        return sender_domain_warnings("acme.test", Dns([server.address], 2), selectors or SELECTORS)


def changed(**records: list[str] | None) -> Zone:
    """The domain where all is well, but for these texts."""
    names = {
        "spf": "acme.test",
        "dmarc": "_dmarc.acme.test",
        "dkim": "selector1._domainkey.acme.test",
    }
    zone = dict(WELL)
    for name, texts in records.items():
        del zone[names[name], "TXT"]
        if texts is not None:
            zone[names[name], "TXT"] = texts
    return zone


@pytest.mark.parametrize(
    ("address", "provider", "imap", "smtp"),
    [
        ("Ann@Gmail.com ", "google", "imap.gmail.com:993", "smtp.gmail.com:465"),
        ("ann@outlook.com", "microsoft", "outlook.office365.com:993", "smtp-mail.outlook.com:587"),
        ("ann@yahoo.de", "imap", "imap.mail.yahoo.com:993", "smtp.mail.yahoo.com:465"),
        ("ann@me.com", "imap", "imap.mail.me.com:993", "smtp.mail.me.com:587"),
        ("ann@gmx.net", "imap", "imap.gmx.net:993", "mail.gmx.net:465"),
        ("ann@web.de", "imap", "imap.web.de:993", "smtp.web.de:465"),
        ("ann@163.com", "imap", "imap.163.com:993", "smtp.163.com:465"),
    ],
)
def test_servers_of_a_provider_that_many_have_are_known(
    address: str, provider: str, imap: str, smtp: str
) -> None:
    with NameServer({}) as server:
        found = proposed_servers(address, Dns([server.address]))
        assert server.asked == []
    assert (found.provider, str(found.imap), str(found.smtp)) == (provider, imap, smtp)
    assert found.certain


@pytest.mark.parametrize(
    ("exchanger", "provider", "imap"),
    [
        ("aspmx.l.google.com.", "google", "imap.gmail.com"),
        ("acme-test.mail.protection.outlook.com.", "microsoft", "outlook.office365.com"),
        ("in1-smtp.messagingengine.com.", "imap", "imap.fastmail.com"),
        ("mx.zoho.eu.", "imap", "imap.zoho.eu"),
    ],
)
def test_a_domain_is_recognised_by_who_takes_its_mail(
    exchanger: str, provider: str, imap: str
) -> None:
    found = proposal("ann@acme.test", {("acme.test", "MX"): [f"10 {exchanger}", "20 mx.x.test."]})
    assert found.imap is not None
    assert (found.provider, found.imap.host, found.certain) == (provider, imap, True)


def test_what_only_ends_like_a_provider_s_name_is_not_that_provider() -> None:
    found = proposal("ann@acme.test", {("acme.test", "MX"): ["10 mx.notgoogle.com."]})
    assert found == Proposal()


def test_servers_are_found_by_their_service_records_the_encrypted_first() -> None:
    zone: Zone = {
        ("_imaps._tcp.acme.test", "SRV"): ["20 0 993 b.acme.test.", "10 0 9993 a.acme.test."],
        ("_imap._tcp.acme.test", "SRV"): ["0 0 143 c.acme.test."],
        ("_submissions._tcp.acme.test", "SRV"): ["0 0 0 ."],
        ("_submission._tcp.acme.test", "SRV"): [
            "0 1 587 low.acme.test.",
            "0 5 587 high.acme.test.",
        ],
    }
    assert proposal("ann@acme.test", zone) == Proposal(
        "imap",
        Server("a.acme.test", 9993, IMPLICIT),
        Server("high.acme.test", 587, STARTTLS),
    )


def test_a_server_of_another_domain_is_for_the_user_to_confirm() -> None:
    zone = {("_imaps._tcp.acme.test", "SRV"): ["0 0 993 mail.elsewhere.test."]}
    found = proposal("ann@acme.test", zone)
    assert found.imap == Server("mail.elsewhere.test", 993, IMPLICIT)
    assert not found.certain


@pytest.mark.parametrize(
    "host", [r"a\032b.acme.test.", r"x\010y.test.", "10.0.0.11.", r"\195\164.test."]
)
def test_what_no_server_can_be_called_is_not_proposed(host: str) -> None:
    zone = {("_imaps._tcp.acme.test", "SRV"): [f"0 0 993 {host}"]}
    assert proposal("ann@acme.test", zone) == Proposal()


@pytest.mark.parametrize(
    "address", ["", "@", "ann", "ann@", "ann@" + "x" * 70 + ".test", "a@..", "a@ü" * 90]
)
def test_of_what_is_no_address_nothing_is_proposed(address: str) -> None:
    assert proposal(address, {}) == Proposal()


def test_a_domain_where_all_is_well_is_warned_of_nothing() -> None:
    assert warnings(WELL) == []


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        (changed(spf=None), "has no SPF record"),
        (changed(spf=['"v=spf10 all"']), "has no SPF record"),
        (changed(spf=['"v=spf1 -all"', '"v=spf1 ~all"']), "has 2 SPF records"),
        (changed(spf=['"v=spf1 inclde:x.test -all"']), "cannot be read"),
        (changed(spf=['"v=spf1 +all"']), "lets everybody send"),
        (changed(spf=[f'"v=spf1 {"a:x.test " * 11}-all"']), "more than 10 lookups"),
        (changed(dmarc=None), "has no DMARC record"),
        (changed(dmarc=['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']), "has 2 DMARC records"),
        (changed(dmarc=['"v=DMARC1; p=maybe"']), "states no policy"),
        (changed(dkim=None), "has no DKIM key"),
        (changed(dkim=['"v=DKIM1; p="']), "No DKIM key of acme.test was found"),
    ],
)
def test_what_a_domain_lacks_or_has_wrong_is_one_sentence(zone: Zone, said: str) -> None:
    (sentence,) = warnings(zone)
    assert said in sentence
    assert sentence.endswith(".")


def test_a_key_under_a_selector_of_its_own_is_found_once_that_is_named() -> None:
    zone = {**changed(dkim=None), ("acme2026._domainkey.acme.test", "TXT"): [KEY]}
    (sentence,) = warnings(zone)
    assert "Selectors cannot be listed" in sentence
    assert warnings(zone, "acme2026") == []


def test_a_domain_above_may_state_the_policy() -> None:
    zone = {
        ("mail.acme.test", "TXT"): ['"v=spf1 -all"'],
        ("_dmarc.acme.test", "TXT"): ['"v=DMARC1;p=reject"'],
        ("s1._domainkey.mail.acme.test", "TXT"): [KEY],
    }
    with NameServer(zone) as server:
        assert sender_domain_warnings("mail.acme.test", Dns([server.address], 2), ["s1"]) == []


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_name_server_that_fails_fails_nothing_and_takes_no_longer_than_it_may(kind: str) -> None:
    with NameServer({}, HOSTILE[kind]) as server:
        began = time.monotonic()
        assert proposed_servers("ann@acme.test", Dns([server.address], 0.4)) == Proposal()
        assert sender_domain_warnings("acme.test", Dns([server.address], 0.4), SELECTORS) == []
        with pytest.raises((TimeoutError, NameNotFound)):
            dns_lookup([server.address])("mail.acme.test", 0.4)
        assert time.monotonic() - began < 2


def test_a_name_server_that_is_not_there_fails_nothing() -> None:
    with suppress(Unanswered):
        Dns(["127.0.0.1:1"], 0.4).texts("acme.test")
    assert proposed_servers("ann@acme.test", Dns(["127.0.0.1:1"], 0.4)) == Proposal()


@pytest.mark.parametrize(
    ("stated", "host", "port"),
    [
        ("9.9.9.9", "9.9.9.9", 53),
        ("127.0.0.1:5353", "127.0.0.1", 5353),
        ("2620:fe::fe", "2620:fe::fe", 53),
        ("[2620:fe::fe]:5353", "2620:fe::fe", 5353),
        ("[::1]", "::1", 53),
    ],
)
def test_a_name_server_is_stated_by_its_address(stated: str, host: str, port: int) -> None:
    assert address_and_port(stated) == (host, port)


def test_a_host_has_the_addresses_that_the_name_server_tells() -> None:
    zone = {("mail.acme.test", "A"): ["9.9.9.9"], ("mail.acme.test", "AAAA"): ["2620:fe::fe"]}
    with NameServer(zone) as server:
        look = dns_lookup([server.address])
        assert look("mail.acme.test", 2) == ["9.9.9.9", "2620:fe::fe"]
        assert look("127.0.0.1", 2) == ["127.0.0.1"]
        for unknown in ("no.acme.test", "x" * 70, ""):
            with pytest.raises((NameNotFound, TimeoutError)):
                look(unknown, 2)
        with pytest.raises(NoSuchName):
            Dns([server.address]).texts("elsewhere.test")


@pytest.mark.rule("C1")
def test_a_name_that_leads_inside_is_refused_whenever_it_does() -> None:
    """Rebinding: the first answer is public, the second is not. Each answer is checked, and only
    an address that was checked is connected to."""
    zone = {("mail.acme.test", "A"): ["9.9.9.9"]}
    with NameServer(zone) as server:
        policy = NetworkPolicy(lookup=dns_lookup([server.address]))
        assert [each.address for each in policy.resolve("mail.acme.test", 993)] == ["9.9.9.9"]
        server.zone = {("mail.acme.test", "A"): ["127.0.0.1"]}
        with pytest.raises(AddressNotPermitted):
            policy.resolve("mail.acme.test", 993)
        server.zone = {("mail.acme.test", "AAAA"): ["::ffff:127.0.0.1"]}
        with pytest.raises(AddressNotPermitted):
            connect(policy, "mail.acme.test", 993, 2)
