"""Message-IDs of a campaign's messages: the part left of ``@`` (M2).

It is made of the ids that were drawn at random when campaign and recipient were created, and of a
digest of the step's name: the same message has the same one for ever, in any copy of the store, and
whoever reads it back needs no table.
"""

import re
from hashlib import sha256
from typing import NamedTuple

from events.vocabulary import RecipientId

DIGEST = 12
"""Hexadecimal digits of a step's digest."""
_RANDOM = r"[A-Za-z0-9_-]{1,64}"
_LEFT = re.compile(rf"({_RANDOM})\.({_RANDOM})\.([0-9a-f]{{{DIGEST}}})", re.ASCII)


class MessageKey(NamedTuple):
    """What a left part was made of. ``campaign_key``: the campaign's id that was drawn at random,
    never its name."""

    campaign_key: str
    recipient_id: RecipientId
    step_digest: str


def message_id_left(campaign_key: str, recipient_id: RecipientId, step: str) -> str:
    """Raises ``ValueError`` for ids that cannot stand in a Message-ID: such were not drawn."""
    left = f"{campaign_key}.{recipient_id}.{step_digest(step)}"
    if not _LEFT.fullmatch(left):
        raise ValueError("ids of campaign and recipient: expected letters, digits, - and _")
    return left


def read_message_id(message_id: str) -> MessageKey | None:
    """Of a Message-ID, with or without its brackets and what a server put right of ``@``; None for
    one that cannot be of ours."""
    found = _LEFT.fullmatch(message_id.strip().strip("<>").partition("@")[0])
    return MessageKey(*found.groups()) if found else None


def step_digest(step: str) -> str:
    return sha256(step.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST]
