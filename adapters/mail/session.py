"""What sessions with mail servers have in common, whatever the protocol (C1)."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, suppress
from typing import Self

from adapters.mail.connection import GOODBYE, Connection, Limits
from adapters.mail.refused import NotUnderstood, ServerRefused
from engine.work.access import Security


class Session(ABC):
    """A session. Nothing is read before ``secure`` or ``greet``.

    Every method raises ``ServerRefused`` with the server's words, ``NotUnderstood``, or ``OSError``
    for a connection that fails.

    A context manager: it says goodbye if nothing went wrong, and closes the connection.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._greeted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        if failed is None and self._greeted:
            self._connection.allow(GOODBYE)
            with suppress(ServerRefused, NotUnderstood, OSError), self.told():
                self._say_goodbye()
        self.close()

    def close(self) -> None:
        """Close the connection without a goodbye."""
        self._connection.close()

    def allow(self, limits: Limits) -> None:
        """Set new limits for what follows; they count from now."""
        self._connection.allow(limits)

    def secure(self, security: Security) -> None:
        """Begin TLS, at once or by STARTTLS. Raises what every method raises."""
        if security is Security.IMPLICIT:
            self._connection.encrypt()
            return
        self.greet()
        with self.told():
            self._start_tls()

    def greet(self) -> None:
        """Read the server's greeting; a second call does nothing."""
        if self._greeted:
            return
        with self.told():
            self._greet()
        self._greeted = True

    @abstractmethod
    def told(self) -> AbstractContextManager[None]:
        """Turn errors raised inside into those that the session promises.

        A hostile answer can raise anything in the libraries that read it.
        """

    @abstractmethod
    def _greet(self) -> None: ...

    @abstractmethod
    def _start_tls(self) -> None: ...

    @abstractmethod
    def _say_goodbye(self) -> None: ...
