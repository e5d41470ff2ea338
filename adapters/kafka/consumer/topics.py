"""The topics that are consumed: by name, and by pattern."""

import re
from collections.abc import Iterable, Sequence


def pattern_of(topics: Sequence[str]) -> str | None:
    """One expression for all topics if any is a pattern, beginning with ``^``; None otherwise."""
    if not any(each.startswith("^") for each in topics):
        return None
    return "|".join(each if each.startswith("^") else f"^{re.escape(each)}$" for each in topics)


def chosen(topics: Sequence[str], there: Iterable[str]) -> list[str]:
    """The names of the topics; of patterns, those in ``there`` that match."""
    pattern = pattern_of(topics)
    return sorted(filter(re.compile(pattern).match, there)) if pattern else list(topics)
