"""Messages that come back: replies, automatic replies, bounces."""

import re
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formatdate, make_msgid, parseaddr


def reply_to(sent: bytes, text: str, at: float, *, automatic: bool = False) -> bytes:
    """The reply of a message's recipient; ``at``: POSIX time."""
    original = message_from_bytes(sent)
    reply = EmailMessage()
    reply["From"] = parseaddr(str(original["To"]))[1]
    reply["To"] = parseaddr(str(original["From"]))[1]
    reply["Subject"] = f"{'Automatic reply' if automatic else 'Re'}: {original['Subject'] or ''}"
    reply["Date"] = formatdate(at)
    reply["Message-ID"] = make_msgid(domain="elsewhere.test")
    reply["In-Reply-To"] = str(original["Message-ID"])
    reply["References"] = str(original["Message-ID"])
    if automatic:
        reply["Auto-Submitted"] = "auto-replied"
    reply.set_content(text)
    return reply.as_bytes()


def bounce_of(
    sent: bytes, recipient: str, at: float, *, status: str, action: str, diagnosis: str
) -> bytes:
    """A delivery status notification (RFC 3464) about one recipient; ``at``: POSIX time."""
    original = message_from_bytes(sent)
    report = MIMEMultipart("report")
    report.set_param("report-type", "delivery-status")
    report["Return-Path"] = "<>"
    report["From"] = "Mail Delivery System <MAILER-DAEMON@localhost>"
    report["To"] = parseaddr(str(original["From"]))[1]
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Date"] = formatdate(at)
    report["Message-ID"] = make_msgid(domain="localhost")
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(f"The message to <{recipient}> could not be delivered: {diagnosis}\n"))
    report.attach(_status(recipient, status, action, diagnosis))
    report.attach(_headers_of(original))
    return report.as_bytes()


def _status(recipient: str, status: str, action: str, diagnosis: str) -> Message:
    per_message, per_recipient = Message(), Message()
    per_message["Reporting-MTA"] = "dns; localhost"
    per_recipient["Final-Recipient"] = f"rfc822; {recipient}"
    per_recipient["Action"] = action
    per_recipient["Status"] = status
    per_recipient["Diagnostic-Code"] = f"smtp; {diagnosis}"
    part = MIMEBase("message", "delivery-status")
    part.set_payload([per_message, per_recipient])
    return part


def _headers_of(original: Message) -> Message:
    part = MIMEBase("text", "rfc822-headers")
    part.set_payload("".join(f"{name}: {value}\n" for name, value in original.items()))
    return part


def renamed(content: bytes, message_id: str) -> bytes:
    """The message with another Message-ID; the old one stays in a header of its own."""
    head, blank, body = content.partition(b"\r\n\r\n")
    old = message_from_bytes(content)["Message-ID"]
    kept = [each for each in _fields(head) if not each.lower().startswith(b"message-id:")]
    new = [f"Message-ID: {message_id}".encode()]
    if old:
        new.append(f"X-Microsoft-Original-Message-ID: {old}".encode())
    return b"\r\n".join([*new, *kept]) + blank + body


def message_id_of(content: bytes) -> str:
    return str(message_from_bytes(content)["Message-ID"] or "").strip()


def with_crlf(content: bytes) -> bytes:
    """The content with CRLF line ends, as it is sent over the wire."""
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _fields(head: bytes) -> list[bytes]:
    """The header fields, each with the lines that continue it."""
    return re.split(rb"\r\n(?![ \t])", head)
