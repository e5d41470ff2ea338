"""What a log may say about an error."""

from pathlib import Path
from traceback import extract_tb

from events.errors import ExplainedError


def reason(error: Exception) -> str:
    """The reason. Of foreign errors only kind and place: the text may be a server's (F1)."""
    if isinstance(error, ExplainedError):
        return str(error)
    *_, frame = extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
