"""Pages on which an owner reconnects his mailbox: link, button, provider, result (R1).

Looking at a link changes nothing, since mail scanners look at every link; only the button uses it
up.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import structlog
from starlette.responses import Response

from adapters.composition.programs import asking
from adapters.http.consenting import Consenting
from adapters.http.pages import button, page, password_form
from adapters.http.signed_links import Link, SignedLinks
from adapters.settings.model import EngineSettings
from aggregates.email_account.reasons import REASONS
from engine.answers.current import current
from engine.answers.telling.reader import Reader, zone_named
from engine.answers.telling.reconnecting import (
    PERMISSIONS,
    Invitation,
    invitation,
    not_reconnected,
    reconnected,
)
from engine.answers.workspace_answers import Answers
from engine.work.access import Access
from engine.work.check_connection import Checked
from engine.work.classifying.classifier import classify
from engine.work.consents import Asked, ConsentRefused, Consents, TooFewScopes
from engine.work.links import UsedLinks
from engine.work.mailboxes import Mailboxes
from engine.work.secret import Secret
from engine.work.tokens import TokenError
from events.errors import ExplainedError
from events.vocabulary import ConnectionStatus, FailureClass
from projections.accounts import AccountRow

log = structlog.get_logger("sendledger.links")


class Parts(NamedTuple):
    """The parts that the pages need."""

    settings: EngineSettings
    links: SignedLinks
    used: UsedLinks
    consents: Mapping[str, Consents]
    """By the provider of an account; an account of any other provider has a password."""
    mailboxes: Callable[[str], Mailboxes]
    """By workspace."""


class ReconnectPages:
    """Every method answers one request. It takes as long as mail servers take, and may be called
    from any thread."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        base = (parts.settings.public_url or "").rstrip("/")
        self._consenting = Consenting(parts.links, parts.used, base)
        self._reader = Reader(zone_named(parts.settings.owner_zone))

    def look(self, token: str) -> Response:
        """The link's page; looking does not use the link up."""
        link = self._parts.links.read(token)
        if link is None or self._parts.used.used(link.digest):
            return gone()
        return self._invited(link)

    def press(self, token: str, form: Mapping[str, str]) -> Response:
        """The answer to the page's button, which uses the link up for good."""
        link = self._parts.links.read(token)
        if link is None:
            return gone()
        account = self._account(link)
        if account is None or account.status is ConnectionStatus.DISCONNECTED:
            return self._invited(link)
        consents = self._parts.consents.get(account.provider)
        if consents is not None:
            return self._sent_away(link, consents, account)
        if not self._takes_password(account) or not form.get("password"):
            return self._invited(link)
        return self._with_password(link, Secret(form["password"]))

    def come_back(self, answer: Mapping[str, str], cookie: str) -> Response:
        """The answer to a browser that the provider sends back, if it was sent from here."""
        returned = self._consenting.returned(answer, cookie)
        account = self._account(returned.link) if returned else None
        consents = self._parts.consents.get(account.provider) if account else None
        if returned is None or consents is None:
            return gone()
        return self._consenting.forget(self._answered(*returned, consents, answer))

    def _invited(self, link: Link) -> Response:
        with self._answers(link.workspace) as answers:
            return self._invitation(link, answers)

    def _invitation(self, link: Link, answers: Answers) -> Response:
        account = answers.accounts.get(link.account_id)
        if account is None or account.status is ConnectionStatus.DISCONNECTED:
            return page("Not connected", [f"{link.account_id} is not connected here."], status=404)
        consents = self._parts.consents.get(account.provider)
        if consents is None and not self._takes_password(account):
            told = f"{link.account_id} cannot be reconnected by a link. Tell who gave it to you."
            return page("Not here", [told], status=403)
        clocks = [each for each in answers.clocks() if each.account_id == link.account_id]
        provider, title = (account.provider, consents.title) if consents else (None, "")
        about = Invitation(account, clocks, link.until, provider, title)
        words = f"Reconnect at {title}" if consents else "Reconnect"
        return page(
            f"Reconnect {link.account_id}",
            invitation(about, self._reader),
            form=button(words) if consents else password_form(link.account_id, words),
            sends_to=[consents.address] if consents else [],
        )

    def _sent_away(self, link: Link, consents: Consents, account: AccountRow) -> Response:
        again = account.reason == REASONS[FailureClass.AUTH_INSUFFICIENT_SCOPE]
        return self._consenting.send_away(link, consents, again=again) or gone()

    def _answered(
        self, link: Link, asked: Asked, consents: Consents, answer: Mapping[str, str]
    ) -> Response:
        account_id, mailboxes = link.account_id, self._parts.mailboxes(link.workspace)
        old = mailboxes.access(account_id)
        subject = old.grant.subject if old and old.grant else ""
        try:
            access = consents.granted(asked, answer, account_id, subject or None)
            return self._reconnected(link, mailboxes, _at_the_same_servers(access, old))
        except ConsentRefused as refused:
            mailboxes.reconnect(account_id, actor=_actor(link), refusal=refused.code)
            return _failed(link, [str(refused)])
        except TokenError as error:
            verdict = classify(error.evidence)
            if verdict.failure is FailureClass.AUTH_INSUFFICIENT_SCOPE:
                mailboxes.reconnect(account_id, actor=_actor(link), refusal=TooFewScopes.code)
            return _failed(link, [verdict.sentence])

    def _with_password(self, link: Link, password: Secret) -> Response:
        mailboxes = self._parts.mailboxes(link.workspace)
        old = mailboxes.access(link.account_id)
        if old is None or not self._consenting.use_up(link, link.digest):
            return gone()
        return self._reconnected(link, mailboxes, old._replace(password=password, grant=None))

    def _reconnected(self, link: Link, mailboxes: Mailboxes, access: Access) -> Response:
        try:
            checked = mailboxes.reconnect(link.account_id, access, actor=_actor(link))
        except ExplainedError as error:
            return self._troubled(link, error)
        return self._result(link, checked)

    def _result(self, link: Link, checked: Checked) -> Response:
        if checked.refusal is not None:
            found = checked.findings.sentence if checked.findings else ""
            return _failed(link, [checked.refusal.message, found])
        with self._answers(link.workspace) as answers:
            waiting = _waiting(answers, link.account_id)
        return page("Reconnected", reconnected(link.account_id, waiting))

    def _troubled(self, link: Link, error: ExplainedError) -> Response:
        """The page for an error, which only the operator can mend; its sentence names no secret."""
        log.error("a link led to nothing", error=type(error).__name__, workspace=link.workspace)
        return _failed(link, ["Something is wrong here; whoever runs it can see what."], 503)

    def _account(self, link: Link) -> AccountRow | None:
        with self._answers(link.workspace) as answers:
            return answers.accounts.get(link.account_id)

    @contextmanager
    def _answers(self, workspace: str) -> Iterator[Answers]:
        settings = self._parts.settings
        with (
            asking(settings) as opened,
            current(
                opened.store,
                opened.views,
                workspace,
                settings.policy,
                fence=opened.fence,
                strict=False,
            ) as now,
        ):
            yield now.answers()

    def _takes_password(self, account: AccountRow) -> bool:
        has_one = account.credentials is not None and account.provider not in PERMISSIONS
        return has_one and self._consenting.is_encrypted


def _at_the_same_servers(access: Access, old: Access | None) -> Access:
    """The new access with the old servers: One-Click changes no server (R2)."""
    return access if old is None else access._replace(imap=old.imap, smtp=old.smtp)


def _actor(link: Link) -> str:
    return f"owner:{link.account_id}"


def _waiting(answers: Answers, account_id: str) -> list[str]:
    return [
        each.campaign_id
        for each in answers.waiting_campaigns()
        if not each.holding and account_id in answers.senders(answers.campaigns[each.campaign_id])
    ]


def gone() -> Response:
    """The page for every link that is not valid, whatever its purpose was."""
    told = (
        "This link was used, is too old, or never was one. Ask whoever gave it to you for another."
    )
    return page("This link does not work", [told], status=410)


def _failed(link: Link, why: list[str], status: int = 200) -> Response:
    return page("Not reconnected", not_reconnected(link.account_id, why), status=status)
