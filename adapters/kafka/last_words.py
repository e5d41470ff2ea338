"""What kafka-python logged last: its errors say that a broker was not reached, its log says why."""

import logging
from functools import cache


class LastWords(logging.Handler):
    """Takes the library's log, which has each attempt as an error; keeps the last with a reason."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        _, _, reason = record.getMessage().rpartition("Connection lost: ")
        if _refused(reason) or not _refused(self.text):
            self.text = " ".join(reason.split())[:300]


def _refused(reason: str) -> bool:
    """Whether the reason is a refusal; after one, the library also loses connections."""
    return any(each in reason for each in ("Authentication", "Authorization", "CERTIFICATE"))


@cache
def last_words() -> LastWords:
    """The library's last words, from the first call on; no other handler gets its log any more."""
    listening, logger = LastWords(), logging.getLogger("kafka")
    logger.addHandler(listening)
    logger.propagate = False
    return listening


def said(error: Exception) -> str:
    """The error on one line, and what the library had logged before it."""
    text = f"{type(error).__name__}: {' '.join(str(error).split()) or 'no reason given'}"[:500]
    before = last_words().text
    return f"{text} ({before})" if before and before not in text else text
