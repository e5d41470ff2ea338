"""A row of the table: which words mean what under which circumstances, and the source for it."""

from typing import NamedTuple

from engine.work.classifying.evidence import At, Auth, Protocol
from engine.work.classifying.outcome import Outcome


class Row(NamedTuple):
    """The first row of the table that fits decides. A field that is None or empty fits everything.

    ``says`` is searched in the readable text, ``code`` must match the whole code (empty: no server
    answered); both are regular expressions in lower case, without nested repetition. ``todo``
    replaces the sentence of the class. This very row decides ``example``.
    """

    outcome: Outcome
    example: str
    source: str
    says: str = ""
    code: str | None = None
    protocol: Protocol | None = None
    stages: tuple[At, ...] = ()
    provider: str | None = None
    auth: Auth | None = None
    todo: str = ""
