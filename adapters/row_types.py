"""What a view's row is made of, as its annotations say; stores make their tables of it."""

from types import UnionType
from typing import Any, Union, get_args, get_origin


def kind_of(hint: Any) -> Any:
    """The class behind an annotation, without ``None`` and without parameters."""
    if isinstance(hint, UnionType) or get_origin(hint) is Union:
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    return get_origin(hint) or hint


def is_text(hint: Any) -> bool:
    """Text and enums of text: what a row may be chosen by."""
    return issubclass(kind_of(hint), str)
