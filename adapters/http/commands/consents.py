"""Connecting a mailbox with its provider's consent: begun here, given in a browser (C1, T1).

The state is kept in the store under the key it was begun with, so any server can continue, even one
that has just been started. Links for owners of existing accounts are made here, too.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from adapters.composition.mailboxes import connecting_links, link_to, providers, signed_links
from adapters.http.commands.accounts import Address, Name, SettingsGiven, known
from adapters.http.commands.keys import Key
from adapters.http.commands.operation import Asked, Body, Operation, Progress, Told
from adapters.http.consenting import TO_CONSENT
from adapters.http.problems import NotFound, Problem
from adapters.http.site import Site
from adapters.settings.model import EngineSettings
from aggregates.email_account.commands import ConnectAccount
from engine.batch import derived_id
from engine.work.check_connection import UNCHECKED
from engine.work.kept_requests import Kept, KeptRequests
from engine.work.permissions import Act
from events.vocabulary import Settings, instant_text, read_instant

GOOD_FOR = timedelta(hours=1)
"""For an owner who is waiting for the address."""
LONGEST = timedelta(days=30)
PREFIX, STEP = "http.", "connect"


class NewConsent(Body):
    account_id: Address
    slot_id: Name
    provider: Literal["google", "microsoft"]
    settings: SettingsGiven = SettingsGiven()


class NewLink(Body):
    good_for: Annotated[int, Field(ge=60, le=int(LONGEST.total_seconds()))] = 86_400
    """Seconds."""


class Consent(NamedTuple):
    """A consent that was begun, as the store has it."""

    kept: Kept
    told: Told

    @property
    def wanted(self) -> ConnectAccount:
        told = self.told
        return ConnectAccount(
            account_id=told["account_id"],
            slot_id=told["slot_id"],
            provider=told["provider"],
            settings=Settings.model_validate(told["settings"]),
            report=UNCHECKED,
        )

    @property
    def is_waiting(self) -> bool:
        return bool(self.told["state"] == "waiting")

    @property
    def key(self) -> Key:
        return Key(self.kept.key, self.kept.request)

    def ended(self, kept: KeptRequests, state: str, more: Mapping[str, Any]) -> None:
        kept.note(self.kept, {**self.told, "state": state, **more})


def consent_of(kept: KeptRequests, workspace: str, consent_id: str) -> Consent | None:
    found = kept.find(workspace, f"{PREFIX}{consent_id}")
    if found is None or found.operation != BEGIN_CONSENT.name or found.progress is None:
        return None
    return Consent(found, found.progress)


def how_it_stands(site: Site, workspace: str, consent_id: str) -> Told:
    """The state of a consent. Raises ``NotFound``."""
    found = consent_of(site.requests, workspace, consent_id)
    if found is None:
        raise NotFound("consent", consent_id)
    return {**found.told, **(_meanwhile(site, workspace, found) if found.is_waiting else {})}


def _meanwhile(site: Site, workspace: str, consent: Consent) -> Told:
    """What the log says of a waiting consent: a server killed after the append noted nothing."""
    command_id = derived_id(consent.key.new_ids(STEP)(), "result")
    envelope = site.program.opened.store.envelope(workspace, command_id)
    if envelope is not None and envelope.rejection is None:
        return {"state": "connected", "command_id": command_id}
    if envelope is not None:
        return {"state": "refused", "refusal": json.loads(envelope.rejection or "{}")}
    is_over = site.now() > read_instant(consent.told["good_until"]) + TO_CONSENT
    return {"state": "expired"} if is_over else {}


def begin(asked: Asked, progress: Progress) -> Told:
    body: NewConsent = asked.body
    site = asked.site
    _require_door(site.settings)
    if body.provider not in providers(site.settings):
        sentence = f"Setting {body.provider}: it names no client; see docs/providers.md."
        raise Problem(409, "provider_not_set_up", sentence)
    consent_id = asked.key.id.removeprefix(PREFIX)
    told = progress.noted or {
        "consent_id": consent_id,
        "account_id": body.account_id,
        "slot_id": body.slot_id.strip(),
        "provider": body.provider,
        "settings": body.settings.on(Settings()).model_dump(mode="json"),
        "good_until": instant_text(site.now() + GOOD_FOR),
        "state": "waiting",
    }
    progress.note(told)
    until = read_instant(told["good_until"])
    opened = site.program.opened
    links = connecting_links(opened, site.settings)
    made = links.make(asked.workspace, body.account_id, until, consent_id)
    address = link_to(site.settings, made)
    return {"consent_id": consent_id, "address": address, "good_until": told["good_until"]}


def link(asked: Asked, progress: Progress) -> Told:
    """A link for the owner; the same one whenever the request is repeated."""
    account, site = known(asked), asked.site
    _require_door(site.settings)
    until = site.now() + timedelta(seconds=asked.body.good_for)
    told = progress.noted or {"good_until": instant_text(until)}
    progress.note(told)
    until = read_instant(told["good_until"])
    links = signed_links(site.program.opened, site.settings)
    made = links.make(asked.workspace, account.id, until, asked.key.id)
    return {"account_id": account.id, "address": link_to(site.settings, made), **told}


def _require_door(settings: EngineSettings) -> None:
    if settings.public_url is None or settings.links_port is None:
        told = "Settings public_url and links_port: an owner's browser needs to know the way here."
        raise Problem(409, "no_door_for_owners", told)


BEGIN_CONSENT = Operation(
    "begin_consent", "/consents", "Connect a mailbox with its provider's consent (C1, T1).",
    Act.RUN, NewConsent, steps=begin,
)  # fmt: skip
CONSENTS = (
    BEGIN_CONSENT,
    Operation(
        "link_account", "/accounts/{account_id}/link",
        "Make a link by which the owner reconnects it, once (R1).",
        Act.REPAIR, NewLink, steps=link,
    ),
)  # fmt: skip
