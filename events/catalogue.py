"""Every fact by its name on the wire, and how facts of an older shape are read.

The stored topic is ``Name`` for version 1 and ``Name/2``, ``Name/3``, … for later ones. A fact's
class is its newest shape; an upcaster turns the JSON of version *n* into version *n + 1*. Renaming
a class or a module in Python breaks no history as long as the wire name stays.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any, NamedTuple, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from events.alike import Alike
from events.base import Event
from events.campaign import CampaignEvent
from events.email_account import EmailAccountEvent
from events.errors import ExplainedError
from events.recipient import PeopleCommitted, RecipientForgotten
from events.slot import SlotEvent
from events.suppression import SuppressionEvent

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
Decoder = Callable[[bytes], Event]


class UnreadableEvent(ExplainedError):
    """The log holds something this program cannot read; it stops there and never skips."""


class UnknownTopic(UnreadableEvent):
    sentence = (
        "Unknown event type {topic!r} at {where}: written by a newer Sendledger? "
        "Upgrade this program; nothing was skipped."
    )


class CorruptEvent(UnreadableEvent):
    sentence = (
        "Corrupt event of type {topic!r} at {where}: {problem}. "
        "Restore the store from a backup; nothing was skipped."
    )


class Template(NamedTuple):
    """States that differ in one text: before, one of the texts as JSON has it, after."""

    before: bytes
    texts: Sequence[str]
    after: bytes


class Catalogue:
    """Wire names and shapes of a set of event classes.

    ``upcasters`` maps a wire name to its upcasters from version 1 upwards; a class of version *n*
    needs exactly *n - 1* of them (``ValueError`` otherwise).
    """

    def __init__(
        self, classes: Iterable[type[Event]], upcasters: Mapping[str, tuple[Upcaster, ...]]
    ) -> None:
        self.classes = {cls.__name__: cls for cls in classes}
        self.decoders: dict[str, Decoder] = {}
        """Decoders by topic."""
        self.encoders: dict[type[Event], tuple[str, Callable[..., bytes]]] = {}
        """Topic and encoder by class, for loops that cannot afford another call per event."""
        for name, cls in self.classes.items():
            steps = upcasters.get(name, ())
            if len(steps) != cls.version - 1:
                raise ValueError(
                    f"{name} is of version {cls.version} and has {len(steps)} upcasters"
                )
            adapter: TypeAdapter[Event] = TypeAdapter(cls)
            topic = _topic(name, cls.version)
            self.encoders[cls] = topic, adapter.serializer.to_json
            self.decoders[topic] = adapter.validator.validate_json
            for version in range(1, cls.version):
                self.decoders[_topic(name, version)] = _upcasting(adapter, steps[version - 1 :])

    def encode(self, event: Event) -> tuple[str, bytes]:
        """The fact's topic, and its state as thin JSON."""
        topic, to_json = self.encoders[type(event)]
        return topic, to_json(event, exclude_none=True)

    def encode_alike(self, facts: Alike[Any]) -> tuple[str, Template]:
        """Their topic, and their states: octet for octet what ``encode`` makes of each."""
        topic, state = self.encode(facts.one)
        start, end = state.split(b'"%b":""' % facts.field.encode())
        before, after = b'%b"%b":"' % (start, facts.field.encode()), b'"' + end
        return topic, Template(before, _as_in_json(facts.texts), after)

    def decode(self, topic: str, state: bytes, where: str) -> Event:
        """The fact. Raises ``UnknownTopic`` or ``CorruptEvent``, both naming ``where``."""
        decoder = self.decoders.get(topic)
        if decoder is None:
            raise UnknownTopic(topic=topic, where=where)
        try:
            return decoder(state)
        except (ValueError, TypeError) as error:
            raise CorruptEvent(topic=topic, where=where, problem=_problem(error)) from error


def _topic(name: str, version: int) -> str:
    return name if version == 1 else f"{name}/{version}"


def _as_in_json(texts: Sequence[str]) -> Sequence[str]:
    """Without the quotes."""
    together = "".join(texts)
    if len(encode_basestring(together)) == len(together) + len('""'):
        return texts
    return [to_json(text).decode()[1:-1] for text in texts]


def _upcasting(adapter: TypeAdapter[Event], steps: tuple[Upcaster, ...]) -> Decoder:
    def decode(state: bytes) -> Event:
        data = json.loads(state)
        try:
            for step in steps:
                data = step(data)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it cannot be read as its newest shape ({error!r})") from error
        return adapter.validate_json(json.dumps(data))

    return decode


def _problem(error: ValueError | TypeError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else first["msg"]
    return str(error)


def _as_it_is(data: dict[str, Any]) -> dict[str, Any]:
    """The data unchanged: the newer shape only has more fields, which may be missing."""
    return data


CATALOGUE = Catalogue(
    [
        *(*get_args(EmailAccountEvent), *get_args(CampaignEvent), *get_args(SlotEvent)),
        *get_args(SuppressionEvent),
        *(RecipientForgotten, PeopleCommitted),
    ],
    upcasters=dict.fromkeys(
        (
            "NoticeAttempted",
            "CampaignPaused",
            "CampaignCreated",
            "SendReserved",
            "EmailRefused",
            "RecipientBounced",
        ),
        (_as_it_is,),
    ),
)
"""Every fact of the law."""
