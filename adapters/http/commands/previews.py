"""Only what was shown can be confirmed: tokens of previews, checked under the workspace's lock.

A token is good for ten minutes, for the caller who was shown the preview, and for that same
request.
"""

import hmac
import json
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from adapters.http.commands.keys import digest_of
from adapters.http.commands.operation import Asked, Operation, Preview, Told
from adapters.http.problems import NotFound, Problem
from engine.command_context import Look
from engine.reply import Refusal
from engine.work.kept_requests import KeptRequests
from events.vocabulary import instant_text

HEADER = "Sendledger-Preview"
GOOD_FOR = timedelta(minutes=10)
NOT_SHOWN, STALE = "preview_required", "stale_preview"
MESSAGES = {
    NOT_SHOWN: f"Ask for the preview first and give its token back, as {HEADER}.",
    STALE: "What would happen is not what was shown any more. Look at the new preview.",
}


class ForeignPreview(Problem):
    def __init__(self) -> None:
        super().__init__(
            409,
            "foreign_preview",
            "This token was given for another request, or to somebody else. Ask for a preview of "
            "this one.",
        )


def previewed(operation: Operation, asked: Asked, kept: KeptRequests) -> Told:
    """What would happen, and the token that confirms it. Raises ``NotFound``."""
    assert operation.preview is not None
    with asked.engine.look(asked.workspace) as now:
        shown = operation.preview.shown(asked, now)
        until = now.now + GOOD_FOR
    if shown is None:
        raise NotFound(operation.path.split("/")[1].rstrip("s"), ", ".join(asked.names.values()))
    return {
        "preview": {**shown, **operation.preview.beside(asked)},
        "token": _token(kept, operation, asked, until, _digest(operation.preview, shown)),
        "expires_at": instant_text(until),
    }


def confirmed(operation: Operation, asked: Asked, now: Look, kept: KeptRequests) -> Refusal | None:
    """None if what was shown would still happen. Raises ``ForeignPreview``."""
    preview = operation.preview
    shown = preview.shown(asked, now) if preview else None
    if preview is None or shown is None:
        return None
    if asked.token is None:
        return _refused(NOT_SHOWN) if preview.wanted(asked, now) else None
    until, digest = _read(kept, operation, asked)
    good = until >= now.now and hmac.compare_digest(digest, _digest(preview, shown))
    return None if good else _refused(STALE)


def require_ours(operation: Operation, asked: Asked, kept: KeptRequests) -> None:
    """Check the token before anybody is locked out. Raises ``ForeignPreview``."""
    if operation.preview is not None and asked.token is not None:
        _read(kept, operation, asked)


def _refused(code: str) -> Refusal:
    return Refusal(code, MESSAGES[code])


def _digest(preview: Preview, shown: Told) -> str:
    told = json.dumps(_lasting(shown, preview.passing), sort_keys=True, default=str)
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _lasting(told: Any, passing: frozenset[str]) -> Any:
    if isinstance(told, dict):
        return {k: _lasting(each, passing) for k, each in told.items() if k not in passing}
    if isinstance(told, list | tuple):
        return [_lasting(each, passing) for each in told]
    return told


def _token(
    kept: KeptRequests, operation: Operation, asked: Asked, until: datetime, digest: str
) -> str:
    told = f"{int(until.timestamp()):x}.{digest}"
    about = operation.name, asked.what, asked.caller.name, asked.workspace
    return f"{told}.{digest_of(kept.secret(), 'preview', told, *about)}"


def _read(kept: KeptRequests, operation: Operation, asked: Asked) -> tuple[datetime, str]:
    assert asked.token is not None
    until, digest = "", ""
    try:
        until, digest, _ = asked.token.split(".")
        at = datetime.fromtimestamp(int(until, 16), asked.site.now().tzinfo)
    except (ValueError, OverflowError, OSError):
        raise ForeignPreview from None
    made = _token(kept, operation, asked, at, digest)
    if not hmac.compare_digest(made.encode(), asked.token.encode("utf-8", "replace")):
        raise ForeignPreview
    return at, digest
