"""Where a mailbox keeps what it sent."""

import pytest

from adapters.mail.sent_folder import delimiter, read, sent_folder

FOLDERS: list[tuple[str | None, list[object]]] = [
    ("Gesendet", [((b"\\HasNoChildren", b"\\Sent"), b"/", "Gesendet"), ((), b"/", "Sent")]),
    ("[Gmail]/Sent Mail", [((), b"/", "[Gmail]"), ((), b"/", "[Gmail]/Sent Mail")]),
    ("INBOX.Sent", [((), b".", "INBOX"), ((), b".", "INBOX.Sent")]),
    ("Gesendete Elemente", [((), b"/", "Drafts"), ((), b"/", "Gesendete Elemente")]),
    ("已发送", [((), b"/", "草稿"), ((), b"/", "已发送")]),
    ("Sent", [((), b"/", "Sent Items"), ((), b"/", "Sent")]),
    ("Sent", [((), None, "Sent")]),
    (None, [((b"\\Noselect", b"\\Sent"), b"/", "Sent")]),
    (None, [((), b"/", "Presents"), ((), b"/", "Sent from my phone")]),
    (None, [((b"\\Sent",), b"/", None), ("\\Sent", b"/", 7), "Sent", ()]),
    ("Sent", [((b"\\Sent",), b"/", "Sent\ud800"), ((), b"/", "Sent")]),
    (None, []),
]


@pytest.mark.parametrize(("sent", "listed"), FOLDERS)
def test_the_folder_is_told_by_its_mark_or_else_by_its_name(
    sent: str | None, listed: list[object]
) -> None:
    assert sent_folder(read(listed)) == sent


def test_the_inbox_s_delimiter_goes_before_others() -> None:
    listed = [((), b"/", "Public"), ((), b".", "Inbox"), ((), None, "Flat")]
    assert delimiter(read(listed)) == "."
    assert delimiter(read(listed[2:])) is None
