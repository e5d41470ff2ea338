"""Names of hosts to addresses, in limited time."""

import socket
import threading
from collections.abc import Callable

Lookup = Callable[[str, float], list[str]]
"""The addresses of a name, best first, within so many seconds; an address is its own.

Raises ``NameNotFound``, or another ``OSError`` for a resolver that does not answer.
"""


class NameNotFound(OSError):
    """No such name, or it has no address."""

    def __init__(self, host: str, why: str = "Name or service not known") -> None:
        super().__init__(f"{host}: {why}")


def system_lookup(host: str, seconds: float) -> list[str]:
    """Addresses as the operating system finds them, its file of hosts included.

    The system cannot be told how long to look; a thread is left to it where it takes longer.
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
        except (OSError, ValueError) as error:  # no name at all: too long, empty, with a zero
            self._error = NameNotFound(self._host, str(error))
        finally:
            self._there.set()

    def within(self, seconds: float) -> list[str]:
        if not self._there.wait(seconds):
            raise TimeoutError(f"{self._host}: the name lookup timed out")
        if self._error is not None:
            raise self._error
        return self._found
