"""What servers really say, by the failure class (C3) that it belongs to."""

from typing import NamedTuple

from adapters.mail.sandbox.faults import Act, Fault, Service


class Answer(NamedTuple):
    service: Service
    stage: str
    text: str


def _refused_token(error: str, description: str, status: int = 400) -> Answer:
    body = f'{{"error":"{error}","error_description":"{description}"}}'
    return Answer("oauth", "token", f"{status} {body}")


REFUSALS: dict[str, tuple[Answer, ...]] = {
    "auth_bad_credentials": (
        Answer("imap", "login", "NO [AUTHENTICATIONFAILED] Authentication failed."),
        Answer("smtp", "login", "535 5.7.8 Authentication failed."),
    ),
    "auth_revoked": (
        Answer("imap", "login", "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)"),
        Answer("smtp", "login", "535 5.7.8 Username and Password not accepted."),
        _refused_token("invalid_grant", "Token has been expired or revoked."),
    ),
    "auth_insufficient_scope": (
        _refused_token(
            "invalid_grant",
            "AADSTS65001: The user or administrator has not consented to use the application.",
        ),
    ),
    "auth_user_action": (
        Answer("imap", "login", "NO [ALERT] Please log in via your web browser (Failure)"),
        Answer("smtp", "login", "534 5.7.9 Application-specific password required."),
        _refused_token("invalid_grant", "AADSTS50076: You must use multi-factor authentication."),
    ),
    "auth_admin_policy": (
        Answer("imap", "login", "NO [CONTACTADMIN] Account_suspended"),
        Answer(
            *("smtp", "login"),
            "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
        ),
        _refused_token(
            "invalid_grant",
            "AADSTS53003: Access has been blocked by Conditional Access policies.",
        ),
    ),
    "transient_server": (
        Answer("imap", "login", "NO [UNAVAILABLE] Temporary authentication failure."),
        Answer(
            *("smtp", "login"),
            "454 4.7.0 Cannot authenticate due to temporary system problem. Try again later.",
        ),
        Answer("oauth", "token", "503 <html><title>Service Unavailable</title></html>"),
    ),
    "throttled": (
        Answer("imap", "greeting", "* BYE Too many connections"),
        Answer("smtp", "login", "454 4.7.0 Too many login attempts, please try again later."),
        Answer("smtp", "data", "550 5.4.5 Daily user sending limit exceeded."),
        Answer("oauth", "token", '429 {"error":"slow_down"}'),
    ),
    "provider_app_fault": (
        _refused_token(
            "invalid_client", "AADSTS7000215: Invalid client secret provided.", status=401
        ),
    ),
    "unknown": (
        Answer("imap", "login", "NO AUTHENTICATE failed."),
        Answer("smtp", "login", "504 5.7.4 Unrecognized Authentication Type"),
        Answer("oauth", "token", '400 {"error":"unheard_of"}'),
    ),
}
"""The classes that a server shows by its words. ``unreachable`` and ``tls_untrusted`` are shown by
its port and its certificate, ``identity_mismatch`` by who consents."""


class UnknownClass(LookupError):
    """The sandbox cannot show such a failure class."""

    def __init__(self, name: str) -> None:
        known = ", ".join((*REFUSALS, "unreachable", "tls_untrusted"))
        super().__init__(f"There is no class {name}. There are: {known}.")


def refusing(
    failure_class: str, account: str | None = None, service: Service | None = None
) -> list[Fault]:
    """The faults with which servers refuse for this reason."""
    if failure_class not in REFUSALS:
        raise UnknownClass(failure_class)
    return [
        Fault(
            service=answer.service,
            stage=answer.stage,
            act=Act.SAY,
            text=answer.text,
            account=account if answer.stage != "greeting" else None,
        )
        for answer in REFUSALS[failure_class]
        if service in (None, answer.service)
    ]
