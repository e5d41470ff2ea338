"""How a conversation with a mail server can fail.

Any other failure is an ``OSError`` of the connection or of TLS.
"""


class ServerRefused(Exception):
    """The server refused. The text is the server's own, unchanged; or a library's, if the server
    lacks what is needed."""


class NotUnderstood(Exception):
    """The server's answer does not follow the protocol. The text repeats nothing of it: words out
    of place mean nothing (C3)."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The server's answer cannot be understood ({why}).")


class Dropped(ConnectionResetError):
    """The server closed the connection before its answer was complete; a part means nothing."""

    def __init__(self) -> None:
        super().__init__("Connection unexpectedly closed")


NO_STARTTLS = "STARTTLS not available"
"""The words by which the classifier recognises this: nothing is ever said without TLS (C1)."""
