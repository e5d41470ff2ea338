"""What a line of the table says."""

from typing import NamedTuple


class Ratio(NamedTuple):
    """A line of the table: ``figure`` over ``beside``, and its goal (None: only reported).

    Without ``beside`` the goal is one for the figure itself.
    """

    measure: str
    what: str
    figure: str
    beside: str | None
    goal: float | None
    at_most: bool = False
