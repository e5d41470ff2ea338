"""What a view's row is made of, as its annotations say; stores make their tables of it."""

from collections.abc import Callable, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

Convert = Callable[[Any], Any]


def kind_of(hint: Any) -> Any:
    """The class behind an annotation, without ``None`` and without parameters."""
    if isinstance(hint, UnionType) or get_origin(hint) is Union:
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    return get_origin(hint) or hint


def chooses(hint: Any) -> bool:
    """Text, enums of text, and yes and no: what a row may be chosen by."""
    return issubclass(kind_of(hint), str | bool)


def asked_value(value: str | bool) -> str | bool:
    """As a driver takes it, which may not know our enums."""
    return value if isinstance(value, bool) else str(value)


def converted(values: Sequence[Any], conversions: tuple[tuple[int, Convert], ...]) -> list[Any]:
    """The values, of which those at these places were converted, except for ``None``."""
    found = list(values)
    for index, convert in conversions:
        value = found[index]
        if value is not None:
            found[index] = convert(value)
    return found
