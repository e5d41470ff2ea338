"""A row of the table: under which circumstances which words mean what, and who says so."""

from typing import NamedTuple

from engine.work.classifying.evidence import At, Auth, Evidence, Protocol
from engine.work.classifying.outcome import Outcome

CONNECTING = (At.NAME, At.TCP, At.TLS)
SESSION = (At.LOGIN, At.IMAP, At.SMTP, At.MAIL)
"""A server answers, and the account is what it is about."""
SENDING = (At.RCPT, At.DATA)
"""A message is what it is about."""
BEFORE_DATA = (*SESSION, At.RCPT)


class Row(NamedTuple):
    """The first row of the table that fits decides. What is None or empty fits everything.

    ``says`` is searched in the readable text, ``code`` must be the whole code; both are regular
    expressions in lower case, without nested repetition. ``todo`` replaces the sentence of the
    class. ``example`` is decided by this very row.
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
