"""Every answer that is not a success, as problem details (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from engine.answers.telling.rows import plain
from engine.audit.stop_case import NotStopped
from engine.fence import StoreIsFenced
from engine.ports.errors import StillHeld, StoreRefused, StoreUnavailable, ZeroCharacter
from engine.proof.errors import NoProofFolder, NotGrownFrom, NotSignedYet, ProofError
from engine.proof.notes import NoteError
from engine.stream.feed import AheadOfLog, HistoryLost, NotAPlace, PlaceOfAnotherStore
from engine.work.api_tokens import NoSuchToken
from engine.work.permissions import AccessError, Forbidden, NoSuchWorkspace
from engine.work.staff import NoSuchStaff
from engine.work.webhooks.endpoint import NoSuchWebhook, WebhookChanged, WebhookError
from events.errors import ExplainedError

log = structlog.get_logger("sendledger.http")

MEDIA_TYPE = "application/problem+json"
STATUS: dict[type[ExplainedError], int] = {
    Forbidden: 403,
    NoSuchWorkspace: 404,
    NoSuchToken: 404,
    NoSuchWebhook: 404,
    WebhookChanged: 409,
    WebhookError: 422,
    NoSuchStaff: 404,
    AccessError: 409,
    NotAPlace: 422,
    AheadOfLog: 409,
    HistoryLost: 410,
    PlaceOfAnotherStore: 410,
    StoreIsFenced: 503,
    ZeroCharacter: 422,
    StoreRefused: 503,
    StoreUnavailable: 503,
    StillHeld: 503,
    NoProofFolder: 404,
    NotStopped: 404,
    NotSignedYet: 409,
    NotGrownFrom: 409,
    ProofError: 503,
    NoteError: 503,
}
"""Of errors that are the caller's, or that will pass; any other error is 500."""


class Problem(HTTPException):
    """An answer that is not a success. ``code`` is for programs, ``sentence`` for people.

    One that is raised while a body is read passes through the framework, as its own errors do.
    """

    def __init__(
        self,
        status: int,
        code: str,
        sentence: str,
        *,
        rule: str | None = None,
        facts: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, sentence)
        self.status, self.code, self.sentence, self.rule = status, code, sentence, rule
        self.headers = dict(headers or {})
        self.facts = {name: plain(value) for name, value in (facts or {}).items()}

    def body(self) -> dict[str, Any]:
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            **({"rule": self.rule} if self.rule else {}),
            "detail": self.sentence,
            **({"facts": self.facts} if self.facts else {}),
        }

    def response(self) -> JSONResponse:
        return JSONResponse(self.body(), self.status, self.headers, MEDIA_TYPE)


class NotSignedIn(Problem):
    """There is no token, or none that is valid."""

    def __init__(self) -> None:
        super().__init__(
            401,
            "not_signed_in",
            "Give a token that is neither expired nor revoked: Authorization: Bearer …",
            headers={"WWW-Authenticate": "Bearer"},
        )


class NotFound(Problem):
    def __init__(self, what: str, name: str) -> None:
        super().__init__(
            404, f"unknown_{what}", f"There is no {what} {name}.", facts={"name": name}
        )


def answer_to(error: Exception) -> JSONResponse:
    """The answer to an error. Words that are not meant for callers go into the log instead."""
    match error:
        case Problem():
            return error.response()
        case ExplainedError():
            return problem_of(error).response()
        case RequestValidationError():
            told = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
            return Problem(422, "invalid_request", "; ".join(told[:10])).response()
        case HTTPException():
            phrase = HTTPStatus(error.status_code).phrase
            code = phrase.lower().replace(" ", "_")
            return Problem(error.status_code, code, f"{phrase}.", headers=error.headers).response()
    log.error("a request failed", exc_info=error)
    return Problem(500, "failed", "Something went wrong here. Try again later.").response()


async def handled(_: Request, error: Exception) -> JSONResponse:
    return answer_to(error)


HANDLERS = dict.fromkeys(
    (Problem, ExplainedError, RequestValidationError, HTTPException, Exception), handled
)


def problem_of(error: ExplainedError) -> Problem:
    """The problem that an error is told as; an error of the server is logged."""
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("a request failed", error=type(error).__name__, said=str(error))
        error = _without_place(error)
    facts = {name: value for name, value in error.about.items() if isinstance(value, str | int)}
    return Problem(status, _code(error), str(error), facts=facts)


def _without_place(error: ExplainedError) -> ExplainedError:
    """The error without the place of the store or a folder, which is in the server's log only."""
    hidden = dict.fromkeys(error.about.keys() & {"store", "folder"}, "of this server")
    return type(error)(**{**error.about, **hidden}) if hidden else error


def status_of(error: ExplainedError) -> int:
    """The status of the nearest class that is listed; 500 for an error that is not the caller's."""
    return next((STATUS[each] for each in type(error).__mro__ if each in STATUS), 500)


def _code(error: ExplainedError) -> str:
    """``NoSuchWorkspace`` → ``no_such_workspace``."""
    name = type(error).__name__
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name).lstrip("_")
