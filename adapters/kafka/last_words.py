"""What kafka-python said last: its errors tell that a broker was not reached, its log tells why."""

import logging
from functools import cache


class LastWords(logging.Handler):
    """Takes the library's log, which tells of every attempt as an error, and keeps the last one
    that gave a reason."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        _, _, reason = record.getMessage().rpartition("Connection lost: ")
        if _refused(reason) or not _refused(self.text):
            self.text = " ".join(reason.split())[:300]


def _refused(reason: str) -> bool:
    """After a refusal the library loses connections, too."""
    return any(each in reason for each in ("Authentication", "Authorization", "CERTIFICATE"))


@cache
def last_words() -> LastWords:
    """Listens from the first call on; nobody else is told any more."""
    listening, logger = LastWords(), logging.getLogger("kafka")
    logger.addHandler(listening)
    logger.propagate = False
    return listening


def said(error: Exception) -> str:
    """The error on one line, and what the library had said before it."""
    text = f"{type(error).__name__}: {' '.join(str(error).split()) or 'no reason given'}"[:500]
    before = last_words().text
    return f"{text} ({before})" if before and before not in text else text
