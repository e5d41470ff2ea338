"""How a conversation with a mail server ends, when it does not end well.

Everything else is an ``OSError``: of the connection, or of TLS.
"""


class ServerRefused(Exception):
    """The text is the server's own, as it came; or a library's where the server lacks what is
    needed."""


class NotUnderstood(Exception):
    """The server's answer follows no protocol. The text repeats nothing of it: words out of their
    place mean nothing (C3)."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The server's answer cannot be understood ({why}).")


class Dropped(ConnectionResetError):
    """The server closed the connection before its answer was whole; half a line means nothing."""

    def __init__(self) -> None:
        super().__init__("Connection unexpectedly closed")


NO_STARTTLS = "STARTTLS not available"
"""As the classifier knows it: nothing is ever said without TLS (C1)."""
