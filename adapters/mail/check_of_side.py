"""Checks one side of a mailbox, IMAP or SMTP, stage by stage: from its server's name on (C1)."""

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
from engine.work.findings import Side, Watch
from engine.work.ports import Mailbox
from events.vocabulary import FailureClass, Stage

S = TypeVar("S", ImapSession, SmtpSession)

OF_A_TOKEN_THAT_RAN_OUT = {FailureClass.UNKNOWN, FailureClass.AUTH_REVOKED}


class _CheckOfSide(ABC, Generic[S]):
    protocol: Protocol

    def __init__(
        self,
        dialler: Dialler,
        access: Access,
        mailbox: Mailbox,
        token: TokenOfCheck,
        watch: Watch,
    ) -> None:
        self._dialler = dialler
        self._access = access
        self._mailbox = mailbox
        self._token = token
        provider = provider_at(self._server.host) or access.provider
        self._stages = Stages(self.protocol, provider, access.auth, watch)
        self._open = ExitStack()
        self._allowance: Allowance
        self._session: S

    @property
    @abstractmethod
    def _server(self) -> Server: ...

    @abstractmethod
    def _session_over(self, connection: Connection) -> S: ...

    @abstractmethod
    def _go_through(self) -> None:
        """Do the stages after TLS."""

    def run(self) -> Side:
        """Check the side, within the dialler's limits, which count from now."""
        self._allowance = self._dialler.allowance()
        with suppress(Failed), self._open:
            self._reach()
            self._go_through()
        return self._stages.side

    def _reach(self) -> None:
        server, stages = self._server, self._stages
        with stages.stage(Stage.NAME):
            addresses = self._dialler.resolve(server.host, server.port, self._allowance)
        with stages.stage(Stage.TCP):
            connection = self._dialler.connect(server.host, addresses, self._allowance)
            self._session = self._open.enter_context(self._session_over(connection))
        with stages.stage(Stage.TLS):
            self._session.secure(server.security)

    def _log_in(self) -> None:
        self._session.greet()
        self._stages.at = At.LOGIN
        if self._access.password is not None:
            self._session.log_in(self._access.user, self._access.password)
        else:
            self._log_in_by_token()
        self._stages.logged_in = True

    def _log_in_by_token(self) -> None:
        """A token that may only have run out is renewed once; then only the answer counts."""
        token = self._token.get()
        self._stages.token_fresh = token.fresh
        try:
            self._session.log_in_by_token(self._access.user, token.value)
        except ServerRefused as refused:
            if token.fresh or not self._may_have_run_out(refused):
                raise
        else:
            return
        token = self._token.instead_of(token)
        self._dial_anew()
        self._stages.token_fresh = token.fresh
        self._session.log_in_by_token(self._access.user, token.value)

    def _may_have_run_out(self, refused: ServerRefused) -> bool:
        return classify(self._stages.evidence(refused)).failure in OF_A_TOKEN_THAT_RAN_OUT

    def _dial_anew(self) -> None:
        """Connect again, as many servers close the connection after they refused."""
        self._session.close()
        server = self._server
        connection = self._dialler.dial(server.host, server.port, self._allowance)
        self._session = self._open.enter_context(self._session_over(connection))
        self._session.secure(server.security)
        self._session.greet()


class CheckOfImap(_CheckOfSide[ImapSession]):
    protocol = Protocol.IMAP

    @property
    def _server(self) -> Server:
        return self._access.imap

    def _session_over(self, connection: Connection) -> ImapSession:
        return ImapSession(connection)

    def _go_through(self) -> None:
        with self._stages.stage(Stage.LOGIN):
            self._log_in()
        with self._stages.stage(Stage.IMAP):
            self._session.introduce()
            self._stages.folders = self._session.look_around()


class CheckOfSmtp(_CheckOfSide[SmtpSession]):
    protocol = Protocol.SMTP

    @property
    def _server(self) -> Server:
        return self._access.smtp

    def _session_over(self, connection: Connection) -> SmtpSession:
        return SmtpSession(connection)

    def _go_through(self) -> None:
        with self._stages.stage(Stage.SMTP):
            self._log_in()
            self._stages.at = At.MAIL
            self._session.try_sender(self._mailbox.account_id)
