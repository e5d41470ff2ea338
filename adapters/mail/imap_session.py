"""A session with an IMAP server, stage by stage (C1)."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from adapters.mail.connection import Connection
from adapters.mail.imap_client import Client, Complaints
from adapters.mail.refused import NO_STARTTLS, NotUnderstood, ServerRefused
from adapters.mail.sasl import plain, xoauth2
from adapters.mail.sent_folder import Listed, delimiter, read, sent_folder
from adapters.mail.session import Session
from engine.work.findings import Folders
from engine.work.secret import Secret

ABOUT_US = {"name": "Sendledger"}
_MOST_CHALLENGES = 3


class ImapSession(Session):
    """A session; ``client`` is for other requests to the mailbox, inside ``told``."""

    client: Client

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._complaints = Complaints()
        self._listed: list[Listed] | None = None

    def _say_goodbye(self) -> None:
        self.client.logout()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Errors inside become ``ServerRefused`` if the server said why."""
        self._complaints.forget()
        try:
            yield
        except (ServerRefused, NotUnderstood):
            raise
        except OSError:
            if self._complaints.goodbye:
                raise ServerRefused(self._complaints.text) from None
            raise
        except IMAPClientError as error:
            raise self._refused(error) from None
        except Exception as error:  # noqa: BLE001 whatever they raise
            raise NotUnderstood(type(error).__name__) from None

    def _refused(self, error: Exception) -> Exception:
        said = self._complaints.text
        return ServerRefused(said) if said else NotUnderstood(type(error).__name__)

    def _greet(self) -> None:
        self.client = Client(self._connection, self._complaints)

    def _start_tls(self) -> None:
        if not self.client.has_capability("STARTTLS"):
            raise ServerRefused(f"{NO_STARTTLS}: the server does not offer it.")
        try:
            self.client.starttls()
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            raise ServerRefused(f"{NO_STARTTLS}: {self._complaints.text}") from None

    def log_in(self, user: str, password: Secret) -> None:
        """Log in by AUTHENTICATE PLAIN, which takes any characters; else by LOGIN.

        The password is sent once, however often the server asks for it.
        """
        with self.told():
            self._connection.require_encrypted()
            if self.client.has_capability("AUTH=PLAIN"):
                once = iter((plain(user, password),))
                self.client.sasl_login("PLAIN", lambda _: next(once))
            else:
                self.client.login(user, password.reveal())

    def log_in_by_token(self, user: str, token: Secret) -> None:
        """Log in by XOAUTH2. If the server refuses, its reason (a challenge in base64) follows its
        answer in ``ServerRefused``."""
        challenges: list[bytes] = []

        def answered(challenge: bytes) -> str | None:
            if not challenges:
                challenges.append(b"")
                return xoauth2(user, token)
            challenges.append(challenge)
            return "" if len(challenges) < _MOST_CHALLENGES else None

        try:
            with self.told():
                self._connection.require_encrypted()
                self.client.sasl_login("XOAUTH2", answered)
        except ServerRefused as refused:
            why = " ".join(b64encode(each).decode() for each in challenges if each)
            raise ServerRefused(f"{refused} {why}".rstrip()) from None

    def introduce(self) -> None:
        """Send ID, without which some servers open no mailbox. A server may refuse the command."""
        with self.told():
            if not self.client.has_capability("ID"):
                return
            try:
                self.client.id_(ABOUT_US)
            except IMAPClientAbortError:
                raise
            except IMAPClientError:
                self._complaints.forget()

    def list_folders(self) -> list[Listed]:
        """The folders of the mailbox; the server is asked once per session."""
        if self._listed is None:
            with self.told():
                self._listed = read(self.client.list_folders())
        return self._listed

    def look_around(self) -> Folders:
        """Open INBOX read-only, so that nothing in it changes; returns folders and capabilities."""
        with self.told():
            capabilities = self.client.capabilities()
            self.client.select_folder("INBOX", readonly=True)
        folders = self.list_folders()
        return Folders(
            sent_folder(folders),
            delimiter(folders),
            tuple(each.decode("ascii", "replace") for each in capabilities),
        )
