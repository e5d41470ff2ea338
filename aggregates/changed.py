"""A value with other fields: ``dataclasses.replace`` takes ten times as long."""

from typing import Any, TypeVar

T = TypeVar("T")


def changed(value: T, **fields: Any) -> T:
    """Of a frozen dataclass. What it checked when it was made is not checked again."""
    made = object.__new__(type(value))
    made.__dict__.update(value.__dict__, **fields)
    return made
