"""Messages as they arrive at ann@acme.test, and what she has sent."""

from collections.abc import Iterable, Mapping

from engine.work.inbound import Sent, SentList

ANN, BEN, EVE, STRANGER = "ann@acme.test", "ben@x.test", "eve@y.test", "nobody@z.test"
OURS = "<5f0c77-intro@acme.test>"
TO_BEN = Sent("5f0c77-intro", "spring", "r1", BEN)
TO_EVE = Sent("91d2aa-intro", "spring", "r2", EVE)
TO_EVE_AGAIN = Sent("73bb01-intro", "autumn", "r2", EVE)
ID_TO_EVE = "<91d2aa-intro@acme.test>"
SENT = SentList(ANN, [TO_BEN, TO_EVE, TO_EVE_AGAIN])

DAEMON = {"Return-Path": "<>", "From": "MAILER-DAEMON@mx.test", "Subject": "failure notice"}
FROM_BEN = {"From": "Ben <ben@x.test>", "Subject": "Re: Hello", "In-Reply-To": OURS}
RETURNED = f"From: {ANN}\nTo: {BEN}\nMessage-ID: {OURS}\nSubject: Hello\n\nHello Ben"


def letter(
    headers: Mapping[str, str], text: str = "", date: str = "Mon, 20 Apr 2026 10:00:00 +0200"
) -> bytes:
    """Headers and a body; ``To`` and ``Date`` are added."""
    lines = [f"{name}: {value}" for name, value in {"To": ANN, "Date": date, **headers}.items()]
    head = "\n".join(lines).encode("utf-8", "surrogateescape")
    return head + b"\n\n" + text.encode("utf-8", "surrogateescape")


def in_parts(
    headers: Mapping[str, str], parts: Iterable[tuple[str, str]], kind: str = "multipart/mixed"
) -> bytes:
    """``parts``: pairs of a Content-Type, further headers behind it, and the text."""
    body = "".join(f"--edge\nContent-Type: {type_}\n\n{text}\n" for type_, text in parts)
    type_ = {"Content-Type": f'{kind}; boundary="edge"'}
    return letter({**headers, **type_}, f"{body}--edge--\n")


def report(*blocks: str, returned: str = RETURNED, headers: Mapping[str, str] = DAEMON) -> bytes:
    """A delivery report (RFC 3464), a block each."""
    fields = "\n\n".join(["Reporting-MTA: dns; mx.test", *blocks])
    parts = [
        ("text/plain", "Your message could not be delivered."),
        ("message/delivery-status", fields),
        ("message/rfc822", returned),
    ]
    return in_parts(headers, parts, "multipart/report; report-type=delivery-status")


def block(address: str, action: str = "failed", status: str = "5.1.1") -> str:
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}"
