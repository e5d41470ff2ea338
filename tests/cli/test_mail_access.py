"""Servers and passwords as a person gives them."""

from pathlib import Path

import pytest
import typer

from adapters.cli.mail_access import password, server
from engine.work.access import Security, Server

TLS, STARTTLS = Security.IMPLICIT, Security.STARTTLS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("imap.acme.test", Server("imap.acme.test", 993, TLS)),
        ("imap.acme.test:993", Server("imap.acme.test", 993, TLS)),
        ("imap.acme.test:143", Server("imap.acme.test", 143, STARTTLS)),
        ("imap.acme.test/starttls", Server("imap.acme.test", 143, STARTTLS)),
        ("imap.acme.test:143/tls", Server("imap.acme.test", 143, TLS)),
        ("imap.acme.test:1993", Server("imap.acme.test", 1993, TLS)),
        ("imap.acme.test:1143/starttls", Server("imap.acme.test", 1143, STARTTLS)),
        ("192.0.2.7:993", Server("192.0.2.7", 993, TLS)),
        ("[2001:db8::1]:1143/starttls", Server("2001:db8::1", 1143, STARTTLS)),
        ("2001:db8::1", Server("2001:db8::1", 993, TLS)),
        ("imap.müller.example", Server("imap.xn--mller-kva.example", 993, TLS)),
    ],
)
def test_a_server_is_encrypted_as_its_port_or_the_text_says(text: str, expected: Server) -> None:
    """C1."""
    assert server(text, 993, 143) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", ":993", "imap acme", "imap.acme.test:0", "imap.acme.test:99999"),
        *("imap.acme.test:imaps", "imap.acme.test/plain", "imap.acme.test:993/none"),
        *("a..b", "https://imap.acme.test"),
    ],
)
def test_what_is_no_server_ends_the_program(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        server(text, 993, 143)
    assert ended.value.exit_code == 2
    assert "Server " in capsys.readouterr().err


def test_the_first_line_of_a_file_is_the_password(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse \r\nanother line\n")
    assert password(file, "ann@acme.test").reveal() == "correct horse "


@pytest.mark.parametrize("octets", [b"", b"\n", b"\xff\xfe\n", b"x" * 20_000])
def test_a_file_without_a_password_ends_the_program_and_repeats_nothing(
    octets: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "password"
    file.write_bytes(octets)
    with pytest.raises(typer.Exit):
        password(file, "ann@acme.test")
    assert "xxx" not in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit):
        password(tmp_path / "none", "ann@acme.test")
    assert "none cannot be read: No such file" in capsys.readouterr().err
