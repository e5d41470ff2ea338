"""Test Connection on real servers (C1): both sides of a mailbox in parallel, stage by stage."""

from base64 import b64encode
from contextlib import suppress

from adapters.mail.beside import begun
from adapters.mail.check_of_side import CheckOfImap, CheckOfSmtp
from adapters.mail.dialling import Dialler
from adapters.mail.sasl import plain, xoauth2
from adapters.mail.token_of_check import TokenOfCheck
from engine.work.access import Access, Accesses
from engine.work.findings import Findings, Watch, unwatched
from engine.work.judging import judged
from engine.work.ports import Mailbox
from engine.work.tokens import TokenError, Tokens


class MailProbe:
    """Implements ``Probe``. Safe to share between threads.

    A side takes at most as long as the dialler's limits allow; the access token is fetched before.
    An interrupt, such as Ctrl-C, waits for neither side.
    """

    def __init__(self, accesses: Accesses, tokens: Tokens, dialler: Dialler) -> None:
        self._accesses = accesses
        self._tokens = tokens
        self._dialler = dialler

    def check(self, mailbox: Mailbox, watch: Watch = unwatched) -> Findings:
        """Check both sides. Raises ``VaultError`` for a mailbox whose secrets cannot be read."""
        access = self._accesses.of(mailbox)
        token = TokenOfCheck(self._tokens, mailbox)
        if access.grant is not None:
            with suppress(TokenError):
                token.get()
        sides = [
            kind(self._dialler, access, mailbox, token, watch)
            for kind in (CheckOfImap, CheckOfSmtp)
        ]
        both = [begun(each.run) for each in sides]
        return judged([ended() for ended in both], _unrepeatable(access, token))


def _unrepeatable(access: Access, token: TokenOfCheck) -> tuple[str, ...]:
    """The secrets that were used to log in, in every form in which they were sent."""
    said = [*(xoauth2(access.user, each) for each in token.used)]
    if access.password is not None:
        said.append(plain(access.user, access.password))
        said.append(access.password.reveal())
    in_base64 = (b64encode(each.encode()).decode() for each in said)
    return (*access.secrets, *(each.reveal() for each in token.used), *in_base64)
