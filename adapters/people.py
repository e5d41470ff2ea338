"""Who can be written to: what an import brings and the directory keeps, outside the events (F1)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class Person(NamedTuple):
    """``address`` is normalised: trimmed and lower-cased. ``variables`` fill the templates."""

    address: str
    name: str = ""
    variables: Mapping[str, str] = NO_VARIABLES
