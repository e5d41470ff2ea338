"""Durations as settings have them: seconds, or ISO 8601 like ``P9D`` and ``PT1H``."""

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

Seconds = Annotated[float, Field(gt=0, le=3600)]


def _seconds(value: object) -> object:
    """The environment knows only text: ``3600`` there is a number of seconds too."""
    return float(value) if isinstance(value, str) and value.replace(".", "", 1).isdigit() else value


_LONGEST = timedelta(days=3650)
Duration = Annotated[timedelta, Field(ge=timedelta(0), le=_LONGEST), BeforeValidator(_seconds)]
Positive = Annotated[timedelta, Field(gt=timedelta(0), le=_LONGEST), BeforeValidator(_seconds)]
