"""Passwords and tokens travel in the clear nowhere but on this machine."""

import re
from pathlib import Path

import pytest
import requests

from adapters.composition.access import staff_of
from adapters.composition.programs import running
from adapters.composition.serving_http import http_served
from adapters.settings.errors import SettingsError
from adapters.settings.loading import load_settings
from engine.work.permissions import Role
from engine.work.staff import Member, kept_form
from tests.certificates import make_certificate
from tests.http.access.conftest import PASSWORD, office
from tests.workplace import ACME


@pytest.mark.parametrize("where", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "ledger.test:0"])
def test_others_than_this_machine_are_not_served_without_tls(tmp_path: Path, where: str) -> None:
    settings = load_settings(store=tmp_path / "ledger.db", workspace=ACME, http=where)
    with (
        running(settings, create=True) as program,
        pytest.raises(SettingsError, match="there is no TLS"),
        http_served(program),
    ):
        pytest.fail("it is served")


def test_whoever_ends_tls_before_it_may_say_so(tmp_path: Path) -> None:
    settings = load_settings(
        store=tmp_path / "ledger.db", workspace=ACME, http="0.0.0.0:0", http_without_tls=True
    )
    with running(settings, create=True) as program, http_served(program) as port:
        assert requests.get(f"http://127.0.0.1:{port}/livez", timeout=30).text == "ok\n"


def test_with_a_certificate_cookies_go_by_tls_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cert = make_certificate(tmp_path)
    tls = {"http_tls_cert": cert.file, "http_tls_key": cert.key}
    with office(tmp_path / "ledger.db", capsys, **tls) as place:
        url = place.url.replace("http:", "https:")
        assert re.search(r"https://\S+/welcome/", place.said)
        staff_of(place.program.opened).add(Member("ann", Role.ADMIN, None, kept_form(PASSWORD)))
        assert _failure(url) is requests.exceptions.SSLError
        assert _failure(place.url) is requests.exceptions.ConnectionError
        browser = place.browser()
        browser.verify = str(cert.file)
        form = {"name": "ann", "password": PASSWORD}
        headers = browser.post(f"{url}/sign-in", form, allow_redirects=False).headers
        cookie = headers["Set-Cookie"]
        assert cookie.startswith("__Host-sendledger=")
        assert {"Secure", "HttpOnly", "Path=/"} <= {*cookie.split("; ")}
        assert "max-age" in headers["Strict-Transport-Security"]
        assert browser.get(f"{url}/", allow_redirects=False).status_code == 200
        browser.close()  # else the server waits for its part in ending TLS


def test_a_certificate_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("none")
    settings = load_settings(
        store=tmp_path / "ledger.db",
        workspace=ACME,
        http="127.0.0.1:0",
        http_tls_cert=tmp_path / "none.pem",
        http_tls_key=tmp_path / "none.pem",
    )
    with (
        running(settings, create=True) as program,
        pytest.raises(SettingsError, match="http_tls_cert"),
        http_served(program),
    ):
        pytest.fail("it is served")


def _failure(url: str) -> type[Exception] | None:
    """Of whoever does not trust the certificate, or does not speak TLS."""
    try:
        requests.get(url, timeout=30)
    except requests.RequestException as error:
        return type(error)
    return None
