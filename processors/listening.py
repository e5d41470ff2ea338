"""What a function listens to: given once, by the type of its parameter ``event``."""

from collections.abc import Callable
from typing import get_args, get_type_hints

from events.base import Event


def listens_to(function: Callable[..., object]) -> frozenset[type[Event]]:
    """The event classes that the function takes: one, or a union."""
    annotation = get_type_hints(function)["event"]
    return frozenset(get_args(annotation) or (annotation,))
