"""Errors that a person can do something about, shown without a traceback."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from adapters.screen.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_UNKNOWN
from adapters.screen.output import fail

STOPPED = "Stopped. What was answered is in the store; nothing is half done."


@contextmanager
def explained(*also: type[Exception], stopped: str = STOPPED) -> Iterator[None]:
    """Report errors as sentences. ``also``: further errors whose text is for people; ``stopped``:
    what Ctrl-C reports."""
    from adapters.settings.errors import SettingsError
    from engine.ports.errors import StoreError
    from events.catalogue import UnreadableEvent

    known: tuple[type[Exception], ...] = (StoreError, UnreadableEvent, *also)
    try:
        yield
    except SettingsError as error:
        fail(str(error).splitlines(), code=error_code(error))
    except known as error:
        from adapters.screen.hints import with_hint

        code = error_code(error)
        is_unknown = code.startswith("no_such_")
        fail(with_hint(error), EXIT_UNKNOWN if is_unknown else EXIT_FAILED, code=code)
    except KeyboardInterrupt:
        fail(stopped, EXIT_INTERRUPTED)


def error_code(error: Exception) -> str:
    """``no_store`` for ``NoStore``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
