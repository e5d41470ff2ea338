"""Opens one side of a mailbox, IMAP or SMTP, stage by stage: from its server to the login."""

from abc import ABC, abstractmethod
from contextlib import ExitStack, suppress
from typing import Generic, TypeVar

from adapters.mail.connection import Allowance, Connection
from adapters.mail.dialling import Dialler
from adapters.mail.imap_session import ImapSession
from adapters.mail.known_servers import provider_at
from adapters.mail.refused import ServerRefused
from adapters.mail.smtp_session import SmtpSession
from adapters.mail.stages import Failed, Stages
from adapters.mail.token_of_check import TokenOfCheck
from engine.work.access import Access, Server
from engine.work.classifying.classifier import classify
from engine.work.classifying.evidence import At, Protocol
from engine.work.findings import Side, Watch, unwatched
from engine.work.ports import Mailbox
from events.vocabulary import FailureClass, Stage

S = TypeVar("S", bound=ImapSession | SmtpSession)

OF_A_TOKEN_THAT_RAN_OUT = {FailureClass.UNKNOWN, FailureClass.AUTH_REVOKED}


class Opening(ABC, Generic[S]):
    """Opens one side. ``session`` exists once a server was reached; ``stages`` say how far it got,
    and what stopped it."""

    protocol: Protocol
    session: S
    spent = False
    """Whether the session cannot be used any more."""

    def __init__(
        self,
        dialler: Dialler,
        access: Access,
        mailbox: Mailbox,
        token: TokenOfCheck,
        watch: Watch = unwatched,
    ) -> None:
        self._dialler = dialler
        self.access = access
        self.mailbox = mailbox
        self._token = token
        provider = provider_at(self._server.host) or access.provider
        self.stages = Stages(self.protocol, provider, access.auth, watch)
        self._open = ExitStack()
        self._allowance: Allowance

    @property
    @abstractmethod
    def _server(self) -> Server: ...

    @abstractmethod
    def _session_over(self, connection: Connection) -> S: ...

    @abstractmethod
    def enter(self) -> None:
        """Do the stages after TLS. Raises ``Failed``."""

    def open(self) -> None:
        """Reach the server and log in; ``session`` stays open for the caller. Raises ``Failed``,
        and then nothing is left open."""
        self._allowance = self._dialler.allowance()
        with self._open:
            self._reach()
            self.enter()
            self._open.pop_all()

    def run(self) -> Side:
        """Go through all stages until one fails, within the dialler's limits, which count from now.
        The session is closed."""
        self._allowance = self._dialler.allowance()
        with suppress(Failed), self._open:
            self._reach()
            self.enter()
        return self.stages.side

    def _reach(self) -> None:
        server, stages = self._server, self.stages
        with stages.stage(Stage.NAME):
            addresses = self._dialler.resolve(server.host, server.port, self._allowance)
        with stages.stage(Stage.TCP):
            connection = self._dialler.connect(server.host, addresses, self._allowance)
            self.session = self._session_over(connection)
            self._open.push(self.session)
        with stages.stage(Stage.TLS):
            self.session.secure(server.security)

    def _log_in(self) -> None:
        self.session.greet()
        self.stages.at = At.LOGIN
        if self.access.password is not None:
            self.session.log_in(self.access.user, self.access.password)
        else:
            self._log_in_by_token()
        self.stages.logged_in = True

    def _log_in_by_token(self) -> None:
        """Log in; a token that may only have expired is renewed once, then the answer is final."""
        token = self._token.get()
        self.stages.token_fresh = token.fresh
        try:
            self.session.log_in_by_token(self.access.user, token.value)
        except ServerRefused as refused:
            if token.fresh or not self._may_have_run_out(refused):
                raise
        else:
            return
        token = self._token.instead_of(token)
        self._dial_anew()
        self.stages.token_fresh = token.fresh
        self.session.log_in_by_token(self.access.user, token.value)

    def _may_have_run_out(self, refused: ServerRefused) -> bool:
        return classify(self.stages.evidence(refused)).failure in OF_A_TOKEN_THAT_RAN_OUT

    def _dial_anew(self) -> None:
        """Connect again, since many servers close the connection after a refusal."""
        self.session.close()
        server = self._server
        connection = self._dialler.dial(server.host, server.port, self._allowance)
        self.session = self._session_over(connection)
        self._open.push(self.session)
        self.session.secure(server.security)
        self.session.greet()


class OpeningImap(Opening[ImapSession]):
    protocol = Protocol.IMAP

    @property
    def _server(self) -> Server:
        return self.access.imap

    def _session_over(self, connection: Connection) -> ImapSession:
        return ImapSession(connection)

    def enter(self) -> None:
        with self.stages.stage(Stage.LOGIN):
            self._log_in()
        with self.stages.stage(Stage.IMAP):
            self.session.introduce()


class OpeningSmtp(Opening[SmtpSession]):
    protocol = Protocol.SMTP

    @property
    def _server(self) -> Server:
        return self.access.smtp

    def _session_over(self, connection: Connection) -> SmtpSession:
        return SmtpSession(connection)

    def enter(self) -> None:
        with self.stages.stage(Stage.SMTP):
            self._log_in()
