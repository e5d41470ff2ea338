"""The IMAP of a sandbox: pymap, with our own mailboxes and refusals.

pymap has no SPECIAL-USE and no challenge for a refused token; both are added here.
"""

import ssl
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from io import BytesIO
from typing import cast

from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import Config as DictConfig
from pymap.backend.dict import Identity as DictIdentity
from pymap.backend.dict import Login as DictLogin
from pymap.backend.dict import Session as DictSession
from pymap.bytes import WriteStream
from pymap.concurrent import Subsystem
from pymap.config import IMAPConfig
from pymap.context import connection_exit
from pymap.exceptions import AuthorizationFailure, InvalidAuth, ResponseError
from pymap.imap import IMAPConnection
from pymap.imap.state import ConnectionState
from pymap.interfaces.login import IdentityInterface
from pymap.parsing.command import Command
from pymap.parsing.command.nonauth import AuthenticateCommand, LoginCommand
from pymap.parsing.response import CommandResponse, Response, ResponseContinuation, ResponseOk
from pymap.selected import SelectedMailbox
from pysasl import SASLAuth
from pysasl.creds.external import ExternalVerificationRequired
from pysasl.creds.plain import PlainCredentials
from pysasl.creds.server import ServerCredentials
from pysasl.identity import Identity
from pysasl.mechanism.login import LoginMechanism
from pysasl.mechanism.oauth import OAuth2Mechanism
from pysasl.mechanism.plain import PlainMechanism

from adapters.mail.sandbox.accounts import Accounts
from adapters.mail.sandbox.challenge import REFUSED_TOKEN
from adapters.mail.sandbox.mailboxes import SPECIAL_USE, Mailboxes
from adapters.mail.sandbox.wire import Wire

MECHANISMS = (PlainMechanism(), LoginMechanism(), OAuth2Mechanism())
UNTOLD = {"login", "authenticate", "capability", "noop", "logout"}
"""Commands that are not a stage, or whose stage is known only within them."""


class Config(DictConfig):
    """What pymap needs to know before it serves."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(
            Namespace(passlib_cfg=None, proxy_protocol=None),
            host=None,
            port=0,
            demo_data=False,
            demo_user="",
            demo_password="",
            ssl_context=context,
            invalid_user_sleep=0.0,
            cpu_subsystem=Subsystem.for_asyncio(),
        )

    @property
    def tls_auth(self) -> SASLAuth:
        return SASLAuth(MECHANISMS)

    @property
    def greeting(self) -> bytes:
        return b"Sendledger sandbox ready."

    @property
    def login_capability(self) -> Sequence[bytes]:
        return [*super().login_capability, b"SPECIAL-USE"]

    @property
    def id_response(self) -> dict[bytes, bytes]:
        return {b"name": b"Sendledger sandbox"}


class Login(DictLogin):
    """Decides who may log in."""

    def __init__(self, config: Config, accounts: Accounts, mailboxes: Mailboxes) -> None:
        super().__init__(config)
        self.accounts = accounts
        self.mailboxes = mailboxes

    async def authenticate(self, credentials: ServerCredentials) -> "Owner":
        name, token = name_of(credentials), token_of(credentials)
        if token is not None:
            if not self.accounts.lets_in_token(name, token):
                raise InvalidAuth("Invalid credentials (Failure)")
        elif not credentials.verify(_Expected(name, self.accounts)):
            raise InvalidAuth("Authentication failed.")
        return Owner(name, self, None, frozenset())

    async def authorize(self, authenticated: IdentityInterface, authzid: str) -> "Owner":
        if authzid != authenticated.name:
            raise AuthorizationFailure
        return Owner(authzid, self, None, frozenset())


class Owner(DictIdentity):
    """An account that has logged in."""

    @asynccontextmanager
    async def new_session(self) -> AsyncIterator["Session"]:
        folders = cast("Login", self.login).mailboxes.of(self.name)
        yield Session(self.name, self.config, folders.all, folders.filters)


class Session(DictSession):
    """Lists folders with their purpose (RFC 6154)."""

    async def list_mailboxes(
        self,
        ref_name: str,
        filter_: str,
        subscribed: bool = False,
        selected: SelectedMailbox | None = None,
    ) -> tuple[Iterable[tuple[str, str | None, Sequence[bytes]]], SelectedMailbox | None]:
        found, updates = await super().list_mailboxes(ref_name, filter_, subscribed, selected)
        return [
            (name, delimiter, [*attributes, *SPECIAL_USE.get(name, ())])
            for name, delimiter, attributes in found
        ], updates


class Raw(Response):
    """An answer sent word for word. Lines that begin with ``*`` or ``+`` carry no tag."""

    def __init__(self, tag: bytes, text: str) -> None:
        super().__init__(tag)
        lines = text.splitlines()
        self._lines = [each if each[:1] in "*+" else f"{tag.decode()} {each}" for each in lines]

    def write(self, writer: WriteStream) -> None:
        for each in self._lines:
            writer.write(each.encode() + b"\r\n")

    @property
    def is_terminal(self) -> bool:
        return any(each.startswith("* BYE") for each in self._lines)


class Said(ResponseError):
    """Raised if a fault answers instead of the server."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._said = text

    def get_response(self, tag: bytes) -> Response:
        return Raw(tag, self._said)


class State(ConnectionState):
    """One conversation, and the stages that it reaches."""

    def __init__(self, login: Login, config: IMAPConfig, wire: Wire, *, encrypted: bool) -> None:
        super().__init__(login, config)
        self._accounts = login.accounts
        self._wire = wire
        self._account: str | None = None
        self.challenge: Callable[[bytes], Awaitable[None]]
        if encrypted:
            self.auth = config.tls_auth
        if encrypted or wire.hides_starttls():
            self._capability.remove(b"STARTTLS")

    async def do_greeting(self) -> CommandResponse:
        await self._reach("greeting")
        return ResponseOk(b"*", self.config.greeting, self.capability)

    async def do_command(self, cmd: Command) -> CommandResponse:
        stage = self._get_func_name(cmd).removeprefix("do_")
        if stage not in UNTOLD and (self._session or stage in {"starttls", "id"}):
            await self._reach("select" if stage == "examine" else stage)
        return await super().do_command(cmd)

    async def do_authenticate(
        self, cmd: AuthenticateCommand | LoginCommand, creds: ServerCredentials | None
    ) -> CommandResponse:
        if creds is None:
            return await super().do_authenticate(cmd, creds)
        name, token = name_of(creds), token_of(creds)
        await self._reach("login", name)
        if token is not None and not self._accounts.lets_in_token(name, token):
            await self.challenge(REFUSED_TOKEN)
        answer = await super().do_authenticate(cmd, creds)
        self._account = name
        return answer

    async def _reach(self, stage: str, account: str | None = None) -> None:
        text = await self._wire.reach(stage, account or self._account)
        if text is not None:
            raise Said(text)


class Connection(IMAPConnection):
    """A connection that sends its answers through the wire."""

    __slots__ = ["wire"]

    def __init__(self, config: Config, wire: Wire) -> None:
        info = SocketInfoLocal(wire.writer)
        super().__init__(config.commands, config, wire.reader, wire.writer, info)
        self.wire = wire

    async def write_response(self, resp: Response) -> None:
        answer = BytesIO()
        await resp.async_write(answer)
        await self.wire.send(answer.getvalue())

    async def challenge(self, data: bytes) -> None:
        """Send a challenge and wait for the client's empty answer."""
        await self.write_response(ResponseContinuation(data))
        await self.read_continuation(0)


class ImapServer:
    """Serves every connection it is called with."""

    def __init__(self, accounts: Accounts, mailboxes: Mailboxes, context: ssl.SSLContext) -> None:
        self._config = Config(context)
        self._login = Login(self._config, accounts, mailboxes)

    async def __call__(self, wire: Wire, *, encrypted: bool) -> None:
        connection = Connection(self._config, wire)
        state = State(self._login, self._config, wire, encrypted=encrypted)
        state.challenge = connection.challenge
        async with AsyncExitStack() as stack:
            connection_exit.set(stack)
            await connection.run(state)


class _Expected(Identity):
    """What a password is compared with."""

    def __init__(self, name: str, accounts: Accounts) -> None:
        self._name = name
        self._accounts = accounts

    @property
    def authcid(self) -> str:
        return self._name

    def compare_authcid(self, authcid: str) -> bool:
        return authcid == self._name

    def compare_secret(self, value: str) -> bool:
        return self._accounts.lets_in(self._name, value)

    def get_clear_secret(self) -> None:
        return None


def name_of(credentials: ServerCredentials) -> str:
    return credentials.authcid or credentials.authzid


def token_of(credentials: ServerCredentials) -> str | None:
    """The bearer token, if there is one instead of a password."""
    if isinstance(credentials, PlainCredentials):
        return None
    try:
        credentials.verify(None)
    except ExternalVerificationRequired as required:
        return required.token
    return None
