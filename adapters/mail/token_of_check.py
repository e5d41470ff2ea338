"""The access token of one check, with which both of its sides log in."""

import threading
from collections.abc import Callable

from engine.work.ports import Mailbox
from engine.work.secret import Secret
from engine.work.tokens import Token, TokenError, Tokens


class TokenOfCheck:
    """A token renewed once at most, whichever side is refused. Safe to share between threads."""

    def __init__(self, tokens: Tokens, mailbox: Mailbox) -> None:
        self._tokens = tokens
        self._mailbox = mailbox
        self._lock = threading.Lock()
        self._got: Token | TokenError | None = None
        self._renewed = False
        self.used: list[Secret] = []

    def get(self) -> Token:
        """The token. Raises ``TokenError``, the same one on every call."""
        with self._lock:
            if self._got is None:
                self._got = self._answer(lambda: self._tokens.valid(self._mailbox))
            return self._token()

    def instead_of(self, refused: Token) -> Token:
        """A token to use in place of a refused one. Raises ``TokenError``."""
        with self._lock:
            if not self._renewed:
                self._renewed = True
                self._got = self._answer(lambda: self._tokens.renewed(self._mailbox, refused.value))
            return self._token()

    def _answer(self, ask: Callable[[], Token]) -> Token | TokenError:
        try:
            token = ask()
        except TokenError as error:
            return error
        self.used.append(token.value)
        return token

    def _token(self) -> Token:
        if isinstance(self._got, Token):
            return self._got
        assert self._got is not None
        raise self._got
