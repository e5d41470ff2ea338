"""What people and programs can do with webhooks, whatever the interface."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.stream.cloud_events import instant
from engine.work.plain_letter import PlainLetter
from engine.work.ports import OwnerLetters
from engine.work.webhooks.delivering import Attempts, Parts
from engine.work.webhooks.endpoint import (
    Delivery,
    Endpoint,
    NoSuchWebhook,
    Status,
    WebhookChanged,
    checked_owner,
    checked_types,
    checked_url,
)
from engine.work.webhooks.messages import Message, entry_before, position_at
from engine.work.webhooks.signing import Scheme, new_secret, scheme_of, verifier

TEST_TYPE = "sendledger.WebhookTest.v1"
TRIES = 20
"""How often a change is tried if others change the endpoint meanwhile."""


class Created(NamedTuple):
    """``verifier``: what the receiver verifies signatures with; if it is a secret, it is shown only
    this once."""

    endpoint: Endpoint
    verifier: str


class Standing(NamedTuple):
    """How far an endpoint is."""

    endpoint: Endpoint
    delivered_until: int
    """All of its events up to this position were delivered."""
    last_position: int


class Webhooks:
    """``new_id`` returns a new random text. Every method may raise ``StoreError``."""

    def __init__(self, parts: Parts, new_id: Callable[[], str]) -> None:
        self._parts, self._new_id = parts, new_id

    def create(
        self,
        url: str,
        owner: str,
        *,
        workspace: str | None = None,
        types: Sequence[str] = (),
        scheme: Scheme = Scheme.HMAC,
        first: int | None = None,
    ) -> Created:
        """Create a webhook. ``first`` is the position with which it begins; None for events from
        now on.

        Raises ``WebhookError`` and ``VaultError``; then nothing was created.
        """
        log = self._parts.log
        made = Endpoint(
            id=f"wh_{self._new_id()}",
            workspace=workspace,
            url=checked_url(url),
            types=checked_types(types),
            owner=checked_owner(owner),
            entry=log.last_entry() if first is None else entry_before(log, first),
            created_at=self._parts.now(),
        )
        secret = new_secret(scheme)
        self._parts.secrets.put(made.id, secret)
        self._parts.endpoints.add(made)
        return Created(made, verifier(secret))

    def list(self) -> Sequence[Standing]:
        return [self._standing(each) for each in self._parts.endpoints.all()]

    def show(self, webhook: str) -> Standing:
        return self._standing(self._found(webhook))

    def change(
        self,
        webhook: str,
        *,
        url: str | None = None,
        owner: str | None = None,
        types: Sequence[str] | None = None,
    ) -> Endpoint:
        new_url = None if url is None else checked_url(url)
        new_owner = None if owner is None else checked_owner(owner)
        new_types = None if types is None else checked_types(types)
        return self._changed(
            webhook,
            lambda found: found._replace(
                url=new_url or found.url,
                owner=new_owner or found.owner,
                types=found.types if new_types is None else new_types,
            ),
        )

    def pause(self, webhook: str) -> Endpoint:
        """Pause it; a parked webhook stays parked."""
        return self._changed(
            webhook,
            lambda found: (
                found._replace(status=Status.PAUSED) if found.status is Status.ACTIVE else found
            ),
        )

    def resume(self, webhook: str) -> Endpoint:
        """Resume a paused or parked webhook at once, from where it is."""
        return self._changed(webhook, Endpoint.begun_anew)

    def replay(self, webhook: str, first: int) -> Endpoint:
        """Deliver everything from that position on once more, under the same ids, and resume."""
        entry = entry_before(self._parts.log, first)
        return self._changed(webhook, lambda found: found.begun_anew(entry))

    def delete(self, webhook: str) -> None:
        if not self._parts.endpoints.remove(webhook):
            raise NoSuchWebhook(webhook=webhook)
        self._parts.secrets.delete(webhook)

    def rotate(self, webhook: str) -> str:
        """Make a new secret; the old one also signs for another day. Returns the new verifier."""
        self._found(webhook)
        secret = new_secret(scheme_of(self._parts.secrets.current(webhook)))
        self._parts.secrets.rotate(webhook, secret)
        return verifier(secret)

    def verifier(self, webhook: str) -> str:
        """What its receiver verifies signatures with."""
        return verifier(self._parts.secrets.current(self._found(webhook).id))

    def test(self, webhook: str) -> Delivery:
        """Send it an event now that is not in the log, whatever its state."""
        found = self._found(webhook)
        attempts = Attempts(self._parts, found.url, self._parts.secrets.signers(webhook))
        _, told = attempts.make(found.workspace or "", self._test_message(), 1)
        self._parts.endpoints.note(webhook, [told])
        return told

    def deliveries(
        self, webhook: str, limit: int = 100, *, failed: bool = False
    ) -> Sequence[Delivery]:
        """Recent deliveries, the newest first."""
        return self._parts.endpoints.deliveries(self._found(webhook).id, limit, failed=failed)

    def tell_owners(self, channel: OwnerLetters) -> int:
        """Write to each owner of a parked endpoint who has not been told yet; return the number of
        letters.

        Raises ``OSError`` from the channel; trying again is harmless.
        """
        parked = (each for each in self._parts.endpoints.all() if each.status is Status.PARKED)
        untold = [each for each in parked if not each.told]
        for each in untold:
            channel.tell(letter_of(each, position_at(self._parts.log, each.has_all_until)))
            self._parts.endpoints.save(each._replace(told=True))
        return len(untold)

    def _standing(self, found: Endpoint) -> Standing:
        log = self._parts.log
        return Standing(found, position_at(log, found.has_all_until), log.last_position())

    def _found(self, webhook: str) -> Endpoint:
        found = self._parts.endpoints.find(webhook)
        if found is None:
            raise NoSuchWebhook(webhook=webhook)
        return found

    def _changed(self, webhook: str, change: Callable[[Endpoint], Endpoint]) -> Endpoint:
        for _ in range(TRIES):
            kept = self._parts.endpoints.save(change(self._found(webhook)))
            if kept is not None:
                return kept
        raise WebhookChanged(webhook=webhook)

    def _test_message(self) -> Message:
        log = self._parts.log
        store_id, generation = log.identity
        message_id = f"{store_id}.{generation}:test:{self._new_id()}"
        told = (
            f'{{"specversion":"1.0","id":"{message_id}","source":"urn:sendledger:store:{store_id}",'
            f'"type":"{TEST_TYPE}","time":"{instant(self._parts.now())}",'
            '"datacontenttype":"application/json","data":{}}'
        )
        return Message(message_id, -1, 0, told.encode())


def letter_of(endpoint: Endpoint, delivered_until: int) -> PlainLetter:
    """The letter to the owner of a parked endpoint."""
    assert endpoint.parked_at is not None
    stopped = (
        f"Nothing is delivered any more to {endpoint.url}, the webhook {endpoint.id}: "
        f"{endpoint.reason}."
    )
    kept = (
        f"It has every event up to position {delivered_until}. Nothing is lost: the events after "
        "it are in the log, and are delivered in order once the webhook is resumed."
    )
    then = "Put the receiver right, then resume the webhook, or delete it."
    return PlainLetter(
        key=f"{endpoint.id} {endpoint.parked_at.isoformat()}",
        to=endpoint.owner,
        subject=f"Webhook {endpoint.id} is parked: nothing is delivered to it",
        paragraphs=[stopped, kept, then],
        written_at=endpoint.parked_at,
    )
