"""One sentence for each class: what happened, and what to do now (C2). None repeats the server's
text."""

from engine.work.classifying.outcome import Answer, Outcome
from events.vocabulary import FailureClass

SENTENCES: dict[Outcome, str] = {
    FailureClass.AUTH_BAD_CREDENTIALS: "{server} refused the user name or the password: enter them"
    " again and reconnect; many providers want an app password here.",
    FailureClass.AUTH_REVOKED: "The permission to use this mailbox was revoked or has lapsed:"
    " reconnect to grant it again.",
    FailureClass.AUTH_INSUFFICIENT_SCOPE: "Full access to the mailbox was not granted: reconnect"
    " and"
    " tick every box.",
    FailureClass.AUTH_USER_ACTION: "{server} wants the mailbox's owner to sign in on its website"
    " and"
    " confirm something; then reconnect.",
    FailureClass.AUTH_ADMIN_POLICY: "An administrator's policy forbids this: ask the mailbox's"
    " administrator to permit it, then reconnect.",
    FailureClass.TRANSIENT_SERVER: "{server} has a fault of its own for the moment: nothing"
    " needs to"
    " be done, it is tried again by itself.",
    FailureClass.UNREACHABLE: "The server cannot be reached: check its name and port in the"
    " settings; otherwise it is tried again by itself.",
    FailureClass.TLS_UNTRUSTED: "The server's certificate cannot be trusted: check the server's"
    " name,"
    " or have whoever runs it renew the certificate.",
    FailureClass.UNKNOWN: "{server} refused for a reason that was not recognised: try again, and"
    " show support the answer if it stays.",
    FailureClass.THROTTLED: "{server} asks for a slower pace: wait, it is tried again by itself.",
    FailureClass.PROVIDER_APP_FAULT: "Our own registration with the provider is at fault: the"
    " operator must correct it; the mailbox's owner need do nothing.",
    FailureClass.IDENTITY_MISMATCH: "Another mailbox than expected answered: sign in with the right"
    " one, or use Two-Step Reconnect.",
    Answer.OK: "It worked; nothing needs to be done.",
    Answer.REFUSED_RECIPIENT: "The recipient's address or mailbox does not take mail: correct or"
    " remove the recipient.",
    Answer.REFUSED_OTHER: "The message was refused for good, for another reason than its recipient:"
    " look at its sender and its content.",
    Answer.REFUSED_TEMPORARY: "The message was refused for now: it is tried again by itself.",
    Answer.OUTCOME_UNKNOWN: "Whether the message was accepted is not known: it is looked for in the"
    " Sent folder before anything is sent again.",
}

RENEWING = "{server} refused an access token that may have run out: it is renewed and tried again."

SERVERS = {
    "google": "Gmail",
    "microsoft": "Microsoft 365",
    "yahoo": "Yahoo",
    "icloud": "iCloud",
    "zoho": "Zoho",
    "fastmail": "Fastmail",
    "gmx": "GMX",
    "webde": "WEB.DE",
    "yandex": "Yandex",
    "qq": "QQ Mail",
    "163": "163.com",
    "126": "126.com",
    "mailru": "Mail.ru",
}
"""Only names in this table are shown; anything else is called "the mail server"."""


def sentence(outcome: Outcome, provider: str | None, todo: str = "") -> str:
    server = SERVERS.get(provider or "", "The mail server")
    return (todo or SENTENCES[outcome]).format(server=server)
