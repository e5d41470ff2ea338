"""Pages on which an owner connects his mailbox: link, button, provider, result (C1, T1).

Looking at a link changes nothing; the button uses it up. The outcome is kept in the store, where
the caller who began the consent can ask for it.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import structlog
from starlette.responses import Response

from adapters.http.commands.accounts import told_of
from adapters.http.commands.consents import STEP, Consent, consent_of
from adapters.http.consenting import Consenting
from adapters.http.pages import button, page
from adapters.http.problems import Problem
from adapters.http.reconnecting import gone
from adapters.http.signed_links import Link, SignedLinks
from engine.answers.telling.connecting import connected, inviting, not_connected
from engine.answers.telling.reader import Reader
from engine.work.classifying.classifier import classify
from engine.work.consents import Asked, ConsentRefused, Consents
from engine.work.kept_requests import KeptRequests
from engine.work.links import UsedLinks
from engine.work.mailboxes import Mailboxes
from engine.work.ports import NewId
from engine.work.tokens import TokenError
from events.errors import ExplainedError

log = structlog.get_logger("sendledger.links")


class MailboxesOf(Protocol):
    def __call__(self, workspace: str, new_id: NewId | None = None) -> Mailboxes: ...


class ConnectParts(NamedTuple):
    """The parts that the pages need."""

    links: SignedLinks
    used: UsedLinks
    kept: KeptRequests
    consents: Mapping[str, Consents]
    """By provider's name."""
    mailboxes: MailboxesOf
    public_url: str
    reader: Reader


class ConnectPages:
    """Every method answers one request. It takes as long as mail servers take, and may be called
    from any thread."""

    def __init__(self, parts: ConnectParts) -> None:
        self._parts = parts
        self._consenting = Consenting(parts.links, parts.used, parts.public_url.rstrip("/"))

    def look(self, token: str) -> Response:
        """The link's page; looking does not use the link up."""
        return self._asked(token, self._invited)

    def press(self, token: str) -> Response:
        """The answer to the page's button, which uses the link up for good."""

        def pressed(link: Link, _: Consent, consents: Consents) -> Response:
            return self._consenting.send_away(link, consents) or gone()

        return self._asked(token, pressed)

    def is_of(self, cookie: str) -> bool:
        return self._consenting.is_of(cookie)

    def come_back(self, answer: Mapping[str, str], cookie: str) -> Response:
        """The answer to a browser that the provider sends back, if it was sent from here."""
        returned = self._consenting.returned(answer, cookie)
        consent = self._consent(returned.link) if returned else None
        consents = self._parts.consents.get(consent.told["provider"]) if consent else None
        if returned is None or consent is None or consents is None:
            return gone()
        try:
            found = self._connected(returned.link, consent, consents, returned.asked, answer)
        except ExplainedError as error:
            found = self._troubled(consent, error)
        return self._consenting.forget(found)

    def _asked(self, token: str, answer: Callable[[Link, Consent, Consents], Response]) -> Response:
        link = self._parts.links.read(token)
        consent = self._consent(link) if link else None
        consents = self._parts.consents.get(consent.told["provider"]) if consent else None
        if link is None or consent is None or consents is None:
            return gone()
        if self._parts.used.used(link.digest):
            return gone()
        return answer(link, consent, consents)

    def _invited(self, link: Link, consent: Consent, consents: Consents) -> Response:
        return page(
            f"Connect {link.account_id}",
            inviting(
                link.account_id,
                link.workspace,
                (consent.told["provider"], consents.title),
                link.until,
                self._parts.reader,
            ),
            form=button(f"Connect at {consents.title}"),
            sends_to=[consents.address],
        )

    def _connected(
        self,
        link: Link,
        consent: Consent,
        consents: Consents,
        asked: Asked,
        answer: Mapping[str, str],
    ) -> Response:
        """Connect the mailbox. The command's id is the consent's own, so repeating it acts once."""
        mailboxes = self._parts.mailboxes(link.workspace, consent.key.new_ids(STEP))
        try:
            access = consents.granted(asked, answer, link.account_id)
            checked = mailboxes.connect(consent.wanted, access, actor=f"owner:{link.account_id}")
            consent.ended(self._parts.kept, "connected", told_of(checked))
        except Problem as refused:
            return self._failed(consent, refused)
        except ConsentRefused as refused:
            return self._failed(consent, Problem(409, refused.code, str(refused), rule="C1"))
        except TokenError as error:
            verdict = classify(error.evidence)
            return self._failed(
                consent, Problem(409, str(verdict.outcome), verdict.sentence, rule="C3")
            )
        return page("Connected", connected(link.account_id))

    def _failed(self, consent: Consent, why: Problem) -> Response:
        consent.ended(self._parts.kept, "refused", {"refusal": why.body()})
        return page("Not connected", not_connected(consent.told["account_id"], why.sentence))

    def _troubled(self, consent: Consent, error: ExplainedError) -> Response:
        """The page for an error, which only the operator can mend; its sentence names no secret."""
        log.error("a consent led to nothing", error=type(error).__name__)
        told = "Something is wrong here; whoever runs it can see what."
        return self._failed(consent, Problem(503, "failed", told))

    def _consent(self, link: Link) -> Consent | None:
        found = consent_of(self._parts.kept, link.workspace, link.name)
        return found if found and found.is_waiting else None
