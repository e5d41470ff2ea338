"""A row of the table: under which circumstances which words mean what, and who says so."""

from typing import NamedTuple

from engine.work.classifying.evidence import At, Auth, Evidence, Protocol
from engine.work.classifying.outcome import Outcome


class Row(NamedTuple):
    """The first row of the table that fits decides. What is None or empty fits everything.

    ``says`` is searched in the readable text, ``code`` must be the whole code (empty: no server has
    answered); both are regular expressions in lower case, without nested repetition. ``todo``
    replaces the sentence of the class. ``example`` is decided by this very row.
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

    def sample(self) -> Evidence:
        """The example, under circumstances that the row asks for."""
        protocol = self.protocol or Protocol.SMTP
        token = protocol is Protocol.OAUTH
        return Evidence(
            protocol=protocol,
            stage=self.stages[0] if self.stages else At.LOGIN,
            text=self.example,
            provider=self.provider,
            auth=self.auth or (Auth.OAUTH2 if token else Auth.PASSWORD),
        )
