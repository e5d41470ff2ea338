"""R1, R2: an owner reconnects his mailbox by a link, in his own browser, once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from adapters.composition.mailboxes import signed_links
from adapters.mail.sandbox.sandbox import Sandbox
from events.email_account import (
    CheckRequested,
    ConnectionRestored,
    OneClickReconnected,
    OneClickRejected,
)
from events.vocabulary import ConnectionStatus
from tests.http.owners import MAIL, Owner, Place, door, in_trouble, settings_for, words
from tests.law.story import ANN, BOB
from tests.workplace import ACME, log_of

OLD, WRONG, RIGHT = "an old one", "a wrong guess", "ann-secret"
"""Passwords."""


@pytest.mark.rule("R1", "N1")
def test_the_page_says_whose_mailbox_who_asks_what_will_happen_and_until_when(
    place: Place, owner: Owner
) -> None:
    page = owner.look(place.link())

    said = words(page)
    assert f"The workspace {ACME} asks you to reconnect the mailbox {ANN}." in said
    assert "Its Connection Status is Failed since 20" in said
    assert "1 recipient become Campaign Stopped, for good" in said
    assert "asks for permission to read, compose, send, and permanently delete emails" in said
    assert "keeps all settings of before: signature, sender's name, sending speed" in said
    assert "This link works once, until 20" in said
    assert " CET" in said or " CEST" in said
    assert "Reconnect at Google" in said


def test_the_page_runs_no_script_and_may_not_be_framed_or_kept(place: Place, owner: Owner) -> None:
    page = owner.look(place.link())

    policy = page.headers["Content-Security-Policy"]
    origin = urlsplit(place.given["google"]["authorization_endpoint"])
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert f"form-action 'self' https://{origin.netloc};" in policy
    assert "unsafe" not in policy
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == (
        *("no-store", "no-referrer"),
    )
    assert "<script" not in page.text
    assert '<html lang="en">' in page.text
    assert "Server" not in page.headers


@pytest.mark.rule("R1", "R2")
def test_the_button_the_provider_and_back(place: Place, owner: Owner) -> None:
    before = place.access

    done = owner.reconnects(place.link())

    assert done.status_code == 200
    assert f"{ANN} is reconnected: its Connection Status is Successful." in words(done)
    assert "Don't forget to resume your campaigns: nothing resumes them" in words(done)
    assert "They wait: spring." in words(done)
    assert place.status is ConnectionStatus.SUCCESSFUL
    assert place.access.grant != before.grant
    assert place.access.configuration == before.configuration
    by_owner = [
        type(each.event)
        for each in log_of(place.program.opened.store)
        if each.envelope.actor == f"owner:{ANN}"
    ]
    assert by_owner == [CheckRequested, OneClickReconnected, ConnectionRestored]


@pytest.mark.rule("R2")
def test_the_old_credentials_are_deleted_once_the_new_ones_are_verified(
    place: Place, owner: Owner
) -> None:
    link = place.link()
    (old,) = place.secrets()

    owner.reconnects(link)

    (new,) = place.secrets()
    assert old != new


@pytest.mark.rule("R1")
def test_looking_uses_nothing_up_and_the_button_does(place: Place, owner: Owner) -> None:
    link = place.link()
    for _ in range(3):
        assert owner.look(link).status_code == 200
        assert owner.session.head(link, timeout=5).status_code == 200
    assert owner.press(link).status_code == 303

    assert owner.press(link).status_code == 410
    assert owner.look(link).status_code == 410


@pytest.mark.rule("R1")
def test_a_link_stays_used_at_another_door_and_after_a_restart(
    sandbox: Sandbox, owner: Owner, tmp_path: Path
) -> None:
    with in_trouble(sandbox, settings_for(sandbox, tmp_path)) as place:
        link = place.link()
        with door(place):
            assert owner.press(link).status_code == 303
        with door(place):
            assert owner.press(link).status_code == 410


@pytest.mark.rule("R1")
def test_of_many_browsers_at_once_one_is_let_through(place: Place, sandbox: Sandbox) -> None:
    link, together = place.link(), Barrier(6)
    found = list[int]()

    def press() -> None:
        with Owner(sandbox) as owner:
            together.wait()
            found.append(owner.press(link).status_code)

    threads = [Thread(target=press) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(found) == [303, *[410] * 5]


def test_a_link_that_was_altered_or_never_was_one_does_not_work(place: Place, owner: Owner) -> None:
    link = place.link()
    head, _, signature = link.rpartition(".")
    none = "eyJhbGciOiJub25lIn0." + link.split(".")[-2] + "."
    base = place.given["public_url"]
    altered = [
        *(f"{head}.{signature[::-1]}", f"{head}.", f"{base}/links/{none}", f"{base}/links/x"),
        *(f"{base}/links/{'a' * 5_000}", f"{base}/links/%00", f"{base}/links/a.b.c"),
    ]

    assert [owner.look(each).status_code for each in altered] == [410] * len(altered)
    assert [owner.press(each).status_code for each in altered] == [410] * len(altered)


def test_a_link_has_an_end(place: Place, owner: Owner) -> None:
    link = place.link(timedelta(seconds=-1))

    assert owner.look(link).status_code == 410
    assert owner.press(link).status_code == 410


@pytest.mark.rule("R1")
def test_a_box_left_empty_is_told_and_recorded(
    place: Place, owner: Owner, sandbox: Sandbox
) -> None:
    sandbox.untick([MAIL])

    done = owner.reconnects(place.link())

    assert "is not reconnected, and nothing of it has changed." in words(done)
    assert "tick every box" in words(done)
    assert refusals(place) == ["insufficient_scope"]
    assert place.secrets() == {place.before.credentials}


@pytest.mark.rule("R2")
def test_somebody_elses_mailbox_is_told_and_recorded(place: Place, owner: Owner) -> None:
    done = owner.reconnects(place.link(), BOB)

    assert "use Two-Step Reconnect" in words(done)
    assert BOB not in done.text
    assert refusals(place) == ["identity_mismatch"]
    assert place.status is ConnectionStatus.FAILED


@pytest.mark.rule("R1")
def test_who_refuses_at_the_provider_leaves_everything_as_it_was(
    place: Place, owner: Owner
) -> None:
    sent_to = owner.press(place.link()).headers["Location"]
    query = dict(parse_qsl(urlsplit(sent_to).query))

    done = owner.look(f"{query['redirect_uri']}?error=access_denied&state={query['state']}")

    assert "is not reconnected" in words(done)
    assert refusals(place) == ["insufficient_scope"]
    assert place.secrets() == {place.before.credentials}


@pytest.mark.rule("R1")
def test_a_mailbox_that_still_fails_keeps_its_old_credentials(
    place: Place, owner: Owner, sandbox: Sandbox
) -> None:
    sandbox.refuse("auth_admin_policy", ANN, "imap")

    done = owner.reconnects(place.link())

    assert "still fails" in words(done)
    assert refusals(place) == ["still_failing"]
    assert place.secrets() == {place.before.credentials}


def test_only_the_browser_that_pressed_the_button_brings_the_answer(
    place: Place, owner: Owner, sandbox: Sandbox
) -> None:
    back = sandbox.approve(owner.press(place.link()).headers["Location"], ANN)
    with Owner(sandbox) as other:
        assert other.look(back).status_code == 410
        other.press(place.link())
        assert other.look(back).status_code == 410

    assert place.secrets() == {place.before.credentials}


@pytest.mark.parametrize("change", [{"state": "another"}, {"state": ""}])
def test_an_answer_to_another_question_is_none(
    place: Place, owner: Owner, sandbox: Sandbox, change: dict[str, str]
) -> None:
    back = sandbox.approve(owner.press(place.link()).headers["Location"], ANN)
    place_of, _, query = back.partition("?")
    told = {**dict(parse_qsl(query)), **change}

    answered = owner.session.get(place_of, params=told, timeout=5)

    assert answered.status_code == 410
    assert place.status is ConnectionStatus.FAILED


def test_an_answer_counts_once(place: Place, owner: Owner, sandbox: Sandbox) -> None:
    back = sandbox.approve(owner.press(place.link()).headers["Location"], ANN)
    cookies = dict(owner.session.cookies)

    assert owner.look(back).status_code == 200
    assert requests.get(back, cookies=cookies, timeout=5).status_code == 410


def test_a_form_that_is_none_is_refused(place: Place, owner: Owner) -> None:
    link = place.link()

    assert owner.session.post(link, data=b"\xff", timeout=5).status_code == 400
    assert owner.session.post(link, data="x" * 9_000, timeout=5).status_code == 400
    assert owner.session.post(link, data="&".join("a=1" * 20), timeout=5).status_code == 400
    assert owner.session.put(link, timeout=5).status_code == 405
    assert owner.look(place.given["public_url"]).status_code == 404
    assert owner.look(link).status_code == 200


@pytest.mark.rule("F1")
def test_no_word_of_somebody_else_is_taken_for_html(place: Place, owner: Owner) -> None:
    opened, settings = place.program.opened, place.program.settings
    until = opened.store.now() + timedelta(hours=1)
    hostile = "<script>alert(1)</script>@acme.test"
    made = signed_links(opened, settings).make(ACME, hostile, until)

    page = owner.look(f"{settings.public_url}/links/{made.token.reveal()}")

    assert page.status_code == 404
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.rule("F1")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_with_something_behind_it_is_sent_on_to_nobody(
    place: Place, owner: Owner, method: str
) -> None:
    """Neither to the host that a request names, nor to an address without TLS."""
    found = owner.session.request(
        method, f"{place.link()}/", headers={"Host": "evil.test"}, allow_redirects=False
    )

    assert found.status_code == 404
    assert "Location" not in found.headers
    assert found.headers["Referrer-Policy"] == "no-referrer"


# By password.


@pytest.fixture
def by_password(sandbox: Sandbox, tmp_path: Path) -> Iterator[Place]:
    given = settings_for(sandbox, tmp_path, public_url="https://mail.example")
    with in_trouble(sandbox, given, password=OLD) as place, door(place):
        yield place


def behind_tls(place: Place) -> str:
    return place.link().replace(
        "https://mail.example", f"http://127.0.0.1:{place.given['links_port']}"
    )


@pytest.mark.rule("R1", "R2")
def test_a_new_password_is_tried_and_kept(by_password: Place, owner: Owner) -> None:
    link = behind_tls(by_password)
    assert 'type="password"' in owner.look(link).text

    done = owner.press(link, password=RIGHT)

    assert "is reconnected" in words(done)
    assert by_password.status is ConnectionStatus.SUCCESSFUL
    assert by_password.access.password is not None
    assert by_password.access.password.reveal() == RIGHT


@pytest.mark.rule("R1", "F1")
def test_a_wrong_password_changes_nothing_and_is_told_nowhere(
    by_password: Place, owner: Owner
) -> None:
    done = owner.press(behind_tls(by_password), password=WRONG)

    assert "is not reconnected" in words(done)
    assert WRONG not in done.text
    assert by_password.secrets() == {by_password.before.credentials}
    assert refusals(by_password) == ["still_failing"]


def test_without_a_password_the_link_is_not_used_up(by_password: Place, owner: Owner) -> None:
    link = behind_tls(by_password)

    assert owner.press(link).status_code == 200
    assert owner.look(link).status_code == 200


@pytest.mark.rule("F1")
def test_a_password_is_never_asked_for_without_tls(
    sandbox: Sandbox, owner: Owner, tmp_path: Path
) -> None:
    given = settings_for(sandbox, tmp_path)
    with in_trouble(sandbox, given, password=OLD) as place, door(place):
        assert owner.look(place.link()).status_code == 403
        assert owner.press(place.link(), password=RIGHT).status_code == 403


def refusals(place: Place) -> list[str]:
    events = [each.event for each in log_of(place.program.opened.store)]
    return [each.reason for each in events if isinstance(each, OneClickRejected)]
