"""Everything that a sandbox holds, and all that can be done with it."""

from collections.abc import Callable
from email.utils import make_msgid
from pathlib import Path
from typing import TypedDict

from adapters.mail.sandbox.accounts import Account, Accounts
from adapters.mail.sandbox.authority import ADDRESS, HOST, Authority, Certificate
from adapters.mail.sandbox.control import Control
from adapters.mail.sandbox.faults import Act, Fault, Faults, Service
from adapters.mail.sandbox.grants import Client, Grants
from adapters.mail.sandbox.http import HttpServer
from adapters.mail.sandbox.id_tokens import IdTokens
from adapters.mail.sandbox.imap import ImapServer
from adapters.mail.sandbox.letters import bounce_of, message_id_of, renamed, reply_to, with_crlf
from adapters.mail.sandbox.mailboxes import INBOX, SENT, Mailboxes
from adapters.mail.sandbox.ports import Contexts, Ports, Servers
from adapters.mail.sandbox.provider import Provider
from adapters.mail.sandbox.refusals import refusing
from adapters.mail.sandbox.smtp import SmtpServer

CLIENT = Client("sendledger", "sandbox-secret")


class Served(TypedDict):
    """What a client needs to know. ``imap`` and ``smtp`` speak STARTTLS, ``imaps`` and ``smtps``
    TLS from the beginning."""

    host: str
    imap: int
    imaps: int
    smtp: int
    smtps: int
    ca_file: str
    accounts: list[dict[str, str]]
    oauth: dict[str, str]
    control: str


class Accepted(TypedDict):
    """A message that the SMTP server took."""

    message_id: str
    sender: str
    recipients: list[str]
    content: str


class Tokens(TypedDict):
    access_token: str
    refresh_token: str
    expires_in: int


class NotAccepted(LookupError):
    """No message with that id was accepted."""

    def __init__(self, message_id: str) -> None:
        super().__init__(f"No message {message_id} was accepted.")


class World:
    """The mailboxes, the provider and the faults of a sandbox, and the operations on them."""

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self._now = now
        self._authority = Authority(folder)
        self._contexts = Contexts(self._authority)
        self._faults = Faults()
        self._grants = Grants(CLIENT, now)
        self._accounts = Accounts(self._grants)
        self._mailboxes = Mailboxes(now)
        self._provider = Provider(self._grants, self._accounts, IdTokens(now))
        self._accepted: list[tuple[Account, tuple[str, ...], bytes]] = []
        servers = Servers(
            ImapServer(self._accounts, self._mailboxes, self._contexts["imap"]),
            SmtpServer(self._accounts, self._take, self._contexts["smtp"]),
            HttpServer(self._provider),
            HttpServer(Control(self)),
        )
        self._ports = Ports(servers, self._faults, self._contexts)

    async def begin(self, first_port: int | None = None) -> None:
        await self._ports.open_all(first_port)
        self._provider.issuer = f"https://{HOST}:{self._ports['oauth']}"

    async def end(self) -> None:
        await self._ports.close_all()

    async def served(self) -> Served:
        """Where everything is."""
        ports = self._ports
        return Served(
            host=ADDRESS,
            imap=ports["imap"],
            imaps=ports["imaps"],
            smtp=ports["smtp"],
            smtps=ports["smtps"],
            ca_file=str(self._authority.file),
            accounts=[
                {"address": each.address, "password": each.password}
                for each in self._accounts.all()
            ],
            oauth={
                **self._provider.addresses(),
                "plain": f"http://{ADDRESS}:{ports['oauth_plain']}",
                "client_id": CLIENT.id,
                "client_secret": CLIENT.secret,
            },
            control=f"http://{ADDRESS}:{ports['control']}",
        )

    async def add_account(
        self, address: str, password: str, *, files_sent: bool = False, renames: bool = False
    ) -> None:
        """Make a mailbox; or change the password of one that is there."""
        await self._mailboxes.open(address)
        self._accounts.add(Account(address, password, files_sent, renames))

    async def fail(
        self,
        service: Service,
        stage: str,
        act: Act,
        *,
        text: str = "",
        account: str | None = None,
        times: int | None = None,
        pace: float = 1.0,
    ) -> None:
        """From now on this goes wrong (``Fault``)."""
        self._faults.add(
            Fault(
                service=service,
                stage=stage,
                act=act,
                text=text,
                account=account,
                times=times,
                pace=pace,
            )
        )

    async def refuse(
        self, failure_class: str, account: str | None = None, service: Service | None = None
    ) -> None:
        """Refuse as servers do for a reason of this class (C3)."""
        match failure_class:
            case "unreachable":
                await self._ports.close(service)
            case "tls_untrusted":
                self._contexts.show(Certificate.UNTRUSTED, service)
            case _:
                for fault in refusing(failure_class, account, service):
                    self._faults.add(fault)

    async def relent(self) -> None:
        """Nothing goes wrong any more: no faults, open ports, trusted certificates."""
        self._faults.clear()
        self._contexts.show(Certificate.TRUSTED)
        self._provider.unticked = frozenset()
        await self._ports.open()

    async def show_certificate(self, kind: Certificate, service: Service | None = None) -> None:
        """Show a new certificate of this kind, at one service or at all."""
        self._contexts.show(kind, service)

    async def close_port(self, service: Service) -> None:
        """Refuse connections to a service, and break those that there are."""
        await self._ports.close(service)

    async def open_port(self, service: Service) -> None:
        """Take connections again, at the port of before."""
        await self._ports.open(service)

    async def deliver(self, account: str, message: str | bytes, folder: str = INBOX) -> None:
        """Put a message into a folder, as if it had arrived there."""
        content = message.encode() if isinstance(message, str) else message
        await self._mailboxes.put(self._accounts[account].address, folder, with_crlf(content))

    async def reply(self, message_id: str, text: str = "Yes.", *, automatic: bool = False) -> None:
        """Answer an accepted message, or have it answered automatically."""
        sender, _, content = self._find(message_id)
        answer = reply_to(content, text, self._now(), automatic=automatic)
        await self.deliver(sender.address, answer)

    async def bounce(
        self,
        message_id: str,
        recipient: str | None = None,
        status: str = "5.1.1",
        action: str = "failed",
        diagnosis: str = "550 5.1.1 No such user",
    ) -> None:
        """Return an accepted message, for one of its recipients; or with ``delayed``, warn."""
        sender, recipients, content = self._find(message_id)
        whom = recipient or recipients[0]
        about = {"status": status, "action": action, "diagnosis": diagnosis}
        report = bounce_of(content, whom, self._now(), **about)
        await self.deliver(sender.address, report)

    async def accepted(self, after: int = 0) -> list[Accepted]:
        """What the SMTP server took, oldest first; without the first so many."""
        return [
            Accepted(
                message_id=message_id_of(content),
                sender=sender.address,
                recipients=[*recipients],
                content=content.decode("utf-8", "replace"),
            )
            for sender, recipients, content in self._accepted[after:]
        ]

    async def messages(self, account: str, folder: str = INBOX) -> list[str]:
        """What is in a folder, oldest first."""
        found = await self._mailboxes.read(self._accounts[account].address, folder)
        return [each.decode("utf-8", "replace") for each in found]

    async def renumber(self, account: str) -> None:
        """Give the messages of an inbox other numbers, under another UIDVALIDITY."""
        await self._mailboxes.renumber(self._accounts[account].address)

    async def approve(self, url: str, account: str) -> str:
        """Consent at this address of the provider; answers where the browser is sent to then."""
        return self._provider.approve(url, account)

    async def untick(self, scopes: list[str]) -> None:
        """Leave the boxes of these scopes empty, at every consent from now on."""
        self._provider.unticked = frozenset(scopes)

    async def grant(self, account: str, scopes: list[str]) -> Tokens:
        """Tokens without a browser."""
        issued = self._grants.grant(self._accounts[account].address, frozenset(scopes))
        return Tokens(
            access_token=issued.access_token,
            refresh_token=issued.refresh_token,
            expires_in=issued.expires_in,
        )

    async def revoke(self, account: str) -> None:
        """End every consent of an account."""
        self._grants.revoke_account(account)

    async def expire_tokens(self, account: str) -> None:
        """End the access tokens of an account; its refresh tokens stay."""
        self._grants.expire_access(account)

    async def rotate(self, *, on: bool) -> None:
        """Whether every refresh ends the refresh token and gives a new one."""
        self._grants.rotates = on

    async def _take(self, sender: Account, recipients: tuple[str, ...], content: bytes) -> None:
        if sender.renames:
            content = renamed(content, make_msgid(domain="sandbox.test"))
        self._accepted.append((sender, recipients, content))
        for each in recipients:
            if each in self._accounts:
                await self._mailboxes.put(each, INBOX, content)
        if sender.files_sent:
            await self._mailboxes.put(sender.address, SENT, content, seen=True)

    def _find(self, message_id: str) -> tuple[Account, tuple[str, ...], bytes]:
        for sender, recipients, content in reversed(self._accepted):
            if message_id_of(content) == message_id:
                return sender, recipients, content
        raise NotAccepted(message_id)
