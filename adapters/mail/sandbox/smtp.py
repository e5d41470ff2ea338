"""The SMTP of a sandbox: aiosmtpd, with our own accounts and refusals."""

import asyncio
import logging
import re
import ssl
from base64 import b64decode
from binascii import Error as NotBase64
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import cast

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, Session

from adapters.mail.sandbox.accounts import Account, Accounts
from adapters.mail.sandbox.challenge import REFUSED_TOKEN, read_xoauth2
from adapters.mail.sandbox.wire import Wire

REFUSED = "535 5.7.8 Authentication credentials invalid"
LONGEST_COMMAND = 16_384
"""Octets; a token makes AUTH longer than the usual 512."""

logging.getLogger("mail.log").addHandler(logging.NullHandler())
# aiosmtpd would warn on standard error about what it does itself.

Deliver = Callable[[Account, tuple[str, ...], bytes], Awaitable[None]]
"""Takes the sending account, the recipients of the envelope, and the message."""


class SmtpServer:
    """Serves every connection it is called with."""

    def __init__(self, accounts: Accounts, deliver: Deliver, context: ssl.SSLContext) -> None:
        self._accounts = accounts
        self._deliver = deliver
        self._context = context

    async def __call__(self, wire: Wire, *, encrypted: bool) -> None:
        offers_tls = not encrypted and not wire.hides_starttls()
        conversation = Conversation(
            wire,
            self._accounts,
            self._deliver,
            self._context if offers_tls else None,
            encrypted=encrypted,
        )
        transport = wire.writer.transport
        transport.set_protocol(conversation)
        conversation.connection_made(transport)
        await conversation.until_ended()


class Conversation(SMTP):
    """One connection. Nobody sends without a login, and nobody sends as another account."""

    def __init__(
        self,
        wire: Wire,
        accounts: Accounts,
        deliver: Deliver,
        context: ssl.SSLContext | None,
        *,
        encrypted: bool,
    ) -> None:
        self._ended = asyncio.Event()
        self._wire = wire
        self._accounts = accounts
        self._deliver = deliver
        self._account: Account | None = None
        self._greeted = False
        super().__init__(
            self,
            hostname="localhost",
            ident="Sendledger sandbox",
            tls_context=context,
            auth_require_tls=not encrypted,
            loop=asyncio.get_running_loop(),
        )
        self.command_size_limits = defaultdict(lambda: LONGEST_COMMAND)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._ended.set()

    async def until_ended(self) -> None:
        await self._ended.wait()
        if self._handler_coroutine is not None:
            await asyncio.gather(self._handler_coroutine, return_exceptions=True)

    async def push(self, status: str | bytes) -> None:
        self._wire.reader, self._wire.writer = self._reader, self._writer
        answer = status.encode() if isinstance(status, str) else status
        if not self._greeted:
            self._greeted = True
            answer = _lines(await self._wire.reach("greeting") or answer.decode())
        await self._wire.send(answer + b"\r\n")

    async def _goes_on(self, stage: str, recipient: str | None = None) -> bool:
        name = self._account.address if self._account else None
        text = await self._wire.reach(stage, name, recipient)
        if text is None:
            return True
        await self._say(text)
        return False

    async def _say(self, text: str) -> None:
        await self.push(_lines(text))
        if text.startswith("421"):
            self._writer.close()

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        if await self._goes_on("ehlo"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        if await self._goes_on("starttls"):
            await super().smtp_STARTTLS(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        if await self._goes_on("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        named = re.search("<([^>]*)>", arg or "")
        if await self._goes_on("rcpt", named[1] if named else None):
            await super().smtp_RCPT(arg)

    async def auth_PLAIN(self, _: object, args: list[str]) -> AuthResult:  # noqa: N802
        given = await self._given(args)
        parts = given.split(b"\0") if given is not None else []
        if len(parts) != 3:
            return await self._unreadable(given)
        name, password = parts[1].decode(), parts[2].decode()
        return await self._let_in(name, self._accounts.lets_in(name, password))

    async def auth_LOGIN(self, _: object, args: list[str]) -> AuthResult:  # noqa: N802
        name = await self._given(args, "Username:")
        password = await self.challenge_auth("Password:") if name is not None else MISSING
        if name is None or not isinstance(password, bytes):
            return AuthResult(success=False, handled=True)
        user = name.decode()
        return await self._let_in(user, self._accounts.lets_in(user, password.decode()))

    async def auth_XOAUTH2(self, _: object, args: list[str]) -> AuthResult:  # noqa: N802
        given = await self._given(args)
        spoken = read_xoauth2(given) if given is not None else None
        if spoken is None:
            return await self._unreadable(given)
        valid = self._accounts.lets_in_token(spoken.user, spoken.token)
        return await self._let_in(spoken.user, valid, challenge=REFUSED_TOKEN)

    async def handle_MAIL(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._account is None:
            return "530 5.7.0 Authentication required"
        if address != self._account.address:
            return "550 5.7.60 Client does not have permissions to send as this sender"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Sender OK"

    async def handle_RCPT(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._accounts.is_ours(address) and address not in self._accounts:
            return f"550 5.1.1 <{address}>: there is no such mailbox"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Recipient OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        account = cast("Account", self._account)
        recipients = tuple(map(str, envelope.rcpt_tos))
        text = await self._wire.reach("data", account.address, *recipients)
        if text is not None:
            return _lines(text).decode()
        content = cast("bytes", envelope.original_content)
        await self._deliver(account, recipients, content)
        return "250 2.0.0 OK, queued"

    async def _given(self, args: list[str], challenge: str = "") -> bytes | None:
        """What the client gives at AUTH, at once or when asked; None if that was answered."""
        if len(args) == 1:
            asked = await self.challenge_auth(challenge)
            return asked if isinstance(asked, bytes) else None
        try:
            return b64decode(args[1], validate=True)
        except NotBase64:
            await self.push("501 5.5.2 Cannot decode base64")
            return None

    async def _unreadable(self, given: bytes | None) -> AuthResult:
        if given is not None:
            await self.push("501 5.5.2 Cannot read the credentials")
        return AuthResult(success=False, handled=True)

    async def _let_in(
        self, name: str, valid: bool, *, challenge: bytes | None = None
    ) -> AuthResult:
        text = await self._wire.reach("login", name)
        if text is not None:
            await self._say(text)
            return AuthResult(success=False, handled=True)
        if not valid:
            if challenge is not None:
                await self.challenge_auth(challenge, encode_to_b64=False)
            return AuthResult(success=False, handled=False, message=REFUSED)
        self._account = self._accounts[name]
        return AuthResult(success=True, auth_data=name)


def _lines(text: str) -> bytes:
    return "\r\n".join(text.splitlines()).encode()
