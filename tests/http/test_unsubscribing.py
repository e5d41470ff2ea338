"""M5, RFC 8058: a recipient unsubscribes by one click, or by an email that ends with a token."""

from collections.abc import Iterator
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from adapters.composition.mailboxes import unsubscribe_links
from adapters.http.unsubscribe_links import UNSUBSCRIBE, UnsubscribeLinks
from adapters.mail.composing.message import compose
from adapters.settings.loading import load_settings
from aggregates.campaign.commands import RecordSignal
from aggregates.email_account.commands import DisconnectAccount
from engine.work.letters import Letter
from engine.work.secret import Secret
from engine.work.unsubscribe import Subscriber, unsubscribe
from events.campaign import LateSignalRecorded, RecipientUnsubscribed
from events.vocabulary import RecipientStatus
from tests.http.owners import SECONDS, Place, words
from tests.law.story import ANN, R1
from tests.mail.composing.letters import posting
from tests.workplace import ACME, log_of

BEN = Subscriber(ACME, "spring", R1)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def links(place: Place) -> UnsubscribeLinks:
    return unsubscribe_links(place.program.opened, place.program.settings)


@pytest.fixture
def url(place: Place, links: UnsubscribeLinks) -> str:
    return f"{place.given['public_url']}{UNSUBSCRIBE}{links.token(BEN)}"


@pytest.fixture
def receiver() -> Iterator[requests.Session]:
    """A mail provider that clicks for its user: follows nothing, keeps nothing."""
    with closing(requests.Session()) as session:
        session.trust_env = False
        yield session


def click(receiver: requests.Session, url: str) -> requests.Response:
    return receiver.post(url, data=ONE_CLICK, allow_redirects=False, timeout=SECONDS)


def status(place: Place) -> RecipientStatus:
    with place.program.engine.look(ACME) as now:
        return now.campaign("spring").recipients[R1].status


def recorded(place: Place) -> list[str]:
    kinds = (RecipientUnsubscribed, LateSignalRecorded)
    events = (each.event for each in log_of(place.program.opened.store))
    return [type(event).__name__ for event in events if isinstance(event, kinds)]


@pytest.mark.rule("M5")
def test_one_click_unsubscribes_without_a_cookie_or_a_redirect_and_once(
    place: Place, url: str, receiver: requests.Session
) -> None:
    for _ in range(3):
        answer = click(receiver, url)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert "Location" not in answer.headers

    assert status(place) is RecipientStatus.UNSUBSCRIBED
    assert recorded(place) == ["RecipientUnsubscribed"]


@pytest.mark.rule("M5")
def test_it_works_while_the_account_is_disconnected(
    place: Place, url: str, receiver: requests.Session
) -> None:
    gone = DisconnectAccount(account_id=ANN)
    reply = place.program.engine.execute(ACME, gone, command_id="gone", actor="user:us")
    assert reply.refusal is None

    assert click(receiver, url).status_code == 200
    assert status(place) is RecipientStatus.UNSUBSCRIBED


@pytest.mark.rule("M5")
def test_looking_changes_nothing_and_shows_a_button_alone(
    place: Place, url: str, receiver: requests.Session
) -> None:
    for look in (receiver.get, receiver.head):
        answer = look(url, allow_redirects=False, timeout=SECONDS)
        assert answer.status_code == 200
    page = receiver.get(url, timeout=SECONDS)

    assert words(page).endswith(
        "Press the button, and you get no more of these emails. Unsubscribe"
    )
    assert '<form method="post"><button>' in page.text
    assert "<script" not in page.text
    assert status(place) is RecipientStatus.ACTIVE

    assert "You are unsubscribed" in words(receiver.post(url, timeout=SECONDS))
    assert status(place) is RecipientStatus.UNSUBSCRIBED


def test_a_token_that_we_did_not_make_unsubscribes_nobody(
    place: Place, links: UnsubscribeLinks, receiver: requests.Session
) -> None:
    base = f"{place.given['public_url']}{UNSUBSCRIBE}"
    foreign = UnsubscribeLinks(lambda: Secret("another key")).token(BEN)
    nobody = links.token(BEN._replace(recipient_id="nobody"))

    for token in (foreign, nobody, f"{links.token(BEN)[:-2]}AA", "x", "é", "%00", "x" * 5_000):
        assert click(receiver, f"{base}{token}").status_code == 404
    assert status(place) is RecipientStatus.ACTIVE


def test_only_looking_and_clicking_are_answered(url: str, receiver: requests.Session) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        assert receiver.request(method, url, timeout=SECONDS).status_code == 405
    flood = receiver.post(url, data=b"x" * 3_000_000, timeout=SECONDS)
    assert flood.status_code == 200


@pytest.mark.rule("M5")
def test_an_email_with_the_tokens_subject_tells_who_unsubscribes(links: UnsubscribeLinks) -> None:
    ways = links.ways(BEN, ANN)
    (subject,) = parse_qs(urlsplit(ways.mailto).query)["subject"]

    assert ways.mailto.startswith(f"mailto:{ANN}?subject=unsubscribe%20")
    assert links.find(subject) == links.find(f"Re:  {subject} \n") == BEN
    assert links.find("unsubscribe") is None
    assert links.find("") is None


@pytest.mark.rule("F1")
def test_a_token_tells_nothing_and_is_the_same_for_ever(links: UnsubscribeLinks) -> None:
    token = links.token(BEN)

    assert token == links.token(BEN)
    assert links.read(token) == BEN
    assert ACME not in token
    assert "spring" not in token
    assert UnsubscribeLinks(lambda: Secret("k")).token(Subscriber("main", "spring", "r1")) == (
        "WN0yrLhDzC7ExEGdCtDm-0XgS67hiYNQ-2wc0Y4ueq6IaL279tk"
    )


@given(who=st.builds(Subscriber, st.text(), st.text(), st.text()), at=st.integers(0))
def test_a_token_is_read_as_it_was_made_and_not_if_any_octet_was_changed(
    who: Subscriber, at: int
) -> None:
    links = UnsubscribeLinks(lambda: Secret("k"))
    token = links.token(who)
    at %= len(token) - 1  # the last character may have bits to spare
    altered = f"{token[:at]}{'B' if token[at] == 'A' else 'A'}{token[at + 1 :]}"

    assert links.read(token) == who
    assert links.read(altered) is None


@given(st.text())
def test_whatever_is_no_token_is_none(text: str) -> None:
    links = UnsubscribeLinks(lambda: Secret("k"))

    assert links.read(text) is None
    assert links.find(text) is None


@pytest.mark.rule("M5")
def test_the_link_is_in_the_message_where_https_leads_here(place: Place) -> None:
    settings = load_settings(**{**place.given, "public_url": "https://mail.acme.example/x/"})
    made = unsubscribe_links(place.program.opened, settings)
    link = made.ways(BEN, ANN).https

    assert link == f"https://mail.acme.example/x{UNSUBSCRIBE}{made.token(BEN)}"
    message = compose(Letter("Hello", "x"), posting(unsubscribing=made.ways(BEN, ANN)))
    assert f"List-Unsubscribe: <{link}>".encode() in message.content


def test_there_is_no_link_without_https_or_without_the_door(place: Place) -> None:
    for others in ({}, {"public_url": "https://mail.acme.example", "links_port": None}):
        settings = load_settings(**{**place.given, **others})
        assert unsubscribe_links(place.program.opened, settings).ways(BEN, ANN).https is None


@pytest.mark.rule("M5")
def test_somebody_who_is_terminal_already_is_recorded_once(place: Place) -> None:
    """``place`` has one recipient; a reply came first."""
    reply = RecordSignal(campaign_id="spring", recipient_id=R1, signal=RecipientStatus.REPLIED)
    place.program.engine.execute(ACME, reply, command_id="reply", actor="mail")

    for _ in range(2):
        assert unsubscribe(place.program.engine, BEN, lambda: "again") is None
    assert status(place) is RecipientStatus.REPLIED
    assert recorded(place) == ["LateSignalRecorded"]
