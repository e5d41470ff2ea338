"""Host names to addresses, in limited time."""

import socket
import threading
from collections.abc import Callable

Lookup = Callable[[str, float], list[str]]
"""The addresses of a name, best first, within so many seconds; an address resolves to itself.

Raises ``NameNotFound``, or another ``OSError`` for a resolver that does not answer.
"""


class NameNotFound(OSError):
    """The name does not exist, or has no address."""

    def __init__(self, host: str, why: str = "Name or service not known") -> None:
        super().__init__(f"{host}: {why}")


def system_lookup(host: str, seconds: float) -> list[str]:
    """The addresses that the operating system finds, including those in its file of hosts.

    The system's lookup cannot be limited in time, so it runs in a thread, which is left behind if
    it takes too long.
    """
    answer = _Answer(host)
    threading.Thread(target=answer.look, daemon=True).start()
    return answer.within(seconds)


class _Answer:
    def __init__(self, host: str) -> None:
        self._host = host
        self._found: list[str] = []
        self._error: NameNotFound | None = None
        self._there = threading.Event()

    def look(self) -> None:
        try:
            infos = socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
            self._found = [*dict.fromkeys(str(info[4][0]) for info in infos)]
        except socket.gaierror as error:
            self._error = NameNotFound(self._host, error.strerror or str(error))
        except (OSError, ValueError) as error:  # not a name: too long, empty, with a zero
            self._error = NameNotFound(self._host, str(error))
        finally:
            self._there.set()

    def within(self, seconds: float) -> list[str]:
        if not self._there.wait(seconds):
            raise TimeoutError(f"{self._host}: the name lookup timed out")
        if self._error is not None:
            raise self._error
        return self._found
