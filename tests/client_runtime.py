"""What the generated client rests on; ``tests.client_module`` copies it into the module."""

import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from random import SystemRandom
from typing import Any, Generic, NamedTuple, TypedDict, TypeVar
from urllib.parse import quote, urlsplit
from uuid import uuid4

import requests
from requests.auth import AuthBase
from requests.exceptions import ChunkedEncodingError, SSLError

T = TypeVar("T")
Query = Mapping[str, Any]
Name = str | int
LOST = requests.ConnectionError, requests.Timeout, ChunkedEncodingError
LONGEST_PAUSE = 10.0
"""Seconds between two tries, unless the server asks for more."""
LONGEST_WAIT = 30.0
"""Seconds that the feed is waited for at once."""


class Problem(Exception):
    """The server said no. A refusal of the law has its ``rule``; ``detail`` names ``facts``."""

    def __init__(self, status: int, told: Mapping[str, Any], retry_after: float = 0) -> None:
        self.status, self.retry_after = status, retry_after
        self.code: str = told.get("code", f"http_{status}")
        self.rule: str | None = told.get("rule")
        self.detail: str = told.get("detail", f"The server answered {status} without a reason.")
        self.facts: Mapping[str, Any] = told.get("facts") or {}
        super().__init__(self.detail)

    @property
    def passes(self) -> bool:
        """The same request may succeed later."""
        return self.status in {429, 502, 503, 504} or self.code == "still_running"


class Unreachable(Exception):
    """No answer came. What was asked may be done or not; under the same ``key`` it is safe to ask
    again."""

    def __init__(self, host: str, why: str, key: str | None, *, passes: bool) -> None:
        self.key, self.passes, self.retry_after = key, passes, 0.0
        again = f" Ask again with key={key!r}: it is done once." if key else ""
        super().__init__(f"No answer from {host} ({why}).{again}")


class Tagged(NamedTuple, Generic[T]):
    """``tag`` is for ``if_match``: the edit is refused if somebody changed the value meanwhile."""

    value: T
    tag: str


class _Token(AuthBase):
    def __init__(self, token: str) -> None:
        if not (token.isascii() and token.isprintable() and token) or " " in token:
            raise ValueError("The token is none: give the text that was shown when it was made.")
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Once(TypedDict, total=False):
    """``key``: a command is done once under its key, however often it is asked for."""

    key: str | None


class Confirmed(Once, total=False):
    """``confirmed``: the token of the preview that was shown."""

    confirmed: str | None


class _Call(NamedTuple, Generic[T]):
    method: str
    path: str
    body: Mapping[str, Any] | bytes | None = None
    query: Query | None = None
    key: str | None = None
    confirmed: str | None = None
    if_match: str | None = None
    repeatable: bool = True
    """Twice is the same as once."""

    @classmethod
    def once(
        cls,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        key: str | None = None,
        **more: Any,
    ) -> "_Call[T]":
        """A command, under a key of its own if none is given."""
        given = {} if body is None else body
        return cls(method, path, given, key=key or uuid4().hex, **more)

    def headers(self) -> dict[str, str]:
        found = {
            "Content-Type": "text/csv" if isinstance(self.body, bytes) else "application/json",
            "Idempotency-Key": self.key,
            "Sendledger-Preview": self.confirmed,
            "If-Match": self.if_match,
        }
        return {name: value for name, value in found.items() if value is not None}


class Preview(Generic[T]):
    """``shown`` is what would happen; ``confirm`` has just that done, once, however often called.

    Raises ``Problem`` (``stale_preview``) when something else would happen by then: look again.
    """

    def __init__(self, client: "Connection", call: _Call[T]) -> None:
        path = f"{call.path}/preview"
        told = client.answer(_Call[Any]("POST", path, call.body, call.query))
        self.shown: dict[str, Any] = told["preview"]
        self.token: str = told["token"]
        self.expires_at: str = told["expires_at"]
        self._client, self._call = client, call._replace(confirmed=self.token)

    def confirm(self) -> T:
        return self._client.answer(self._call)


class Connection:
    """Kept open; of one thread. Asks again for ``patience`` seconds when no answer comes or the
    server is busy, a command always under the same key.

    ``authority``: a file of certificates to trust instead of the system's. A token is sent in clear
    text to this machine alone, unless ``clear_text``. Raises ``ValueError``.
    """

    def __init__(
        self,
        address: str,
        token: str,
        *,
        workspace: str | None = None,
        patience: float = 60,
        authority: str | None = None,
        clear_text: bool = False,
    ) -> None:
        parts = urlsplit(address)
        self._host = parts.netloc.rpartition("@")[2]
        here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        if parts.scheme != "https" and not (parts.scheme == "http" and (here or clear_text)):
            raise ValueError(f"Give an address that begins with https://, not {parts.scheme}://.")
        self._address = f"{parts.scheme}://{self._host}{parts.path.rstrip('/')}"
        self._workspace, self._patience = workspace, patience
        self._session = requests.Session()
        self._session.auth = _Token(token.strip())
        self._authority = authority

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._address!r}, workspace={self._workspace!r})"

    def __enter__(self: T) -> T:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._session.close()

    def answer(self, call: _Call[T]) -> T:
        """Raises ``Problem``, ``Unreachable``."""
        found = self._send(call, self._patience)
        told: T = found.json() if found.content else None  # type: ignore[assignment]
        return told

    def _tagged(self, call: _Call[T]) -> Tagged[T]:
        found = self._send(call, self._patience)
        return Tagged(found.json(), found.headers["ETag"])

    def _pages(self, path: str, query: Query, cursor: str, rows: str) -> Iterator[Any]:
        """The rows of one page after another."""
        following: Any = query.get(cursor)
        while True:
            page = self.answer(_Call[Any]("GET", path, query={**query, cursor: following}))
            yield from page[rows]
            following = page["next"]
            if following is None:
                return

    def _followed(self, path: str, query: Query) -> Iterator[Any]:
        """One batch after another, from the place at which the one before ended."""
        wait, after = query["wait"], query["after"]
        wait = LONGEST_WAIT if wait is None else wait
        while True:
            call = _Call[Any]("GET", path, query={**query, "wait": wait, "after": after})
            found = self._send(call, patience=float("inf"))
            yield from found.json()
            after = found.headers["Sendledger-Place"]

    def _send(self, call: _Call[Any], patience: float) -> requests.Response:
        ends, pause = time.monotonic() + patience, 0.1
        while True:
            try:
                return self._once(call)
            except (Problem, Unreachable) as error:
                wait = max(SystemRandom().uniform(pause / 2, pause), error.retry_after)
                repeatable = call.repeatable or getattr(error, "status", 0) == 429
                if not (repeatable and error.passes) or time.monotonic() + wait > ends:
                    raise
            time.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _once(self, call: _Call[Any]) -> requests.Response:
        is_csv = isinstance(call.body, bytes)
        query = {"workspace": self._workspace, **(call.query or {})}
        try:
            found = self._session.request(
                call.method,
                f"{self._address}{call.path}",
                params={name: _text(value) for name, value in query.items()},
                data=call.body if is_csv else None,
                json=None if is_csv else call.body,
                headers=call.headers(),
                timeout=(10, 90),
                verify=self._authority or True,
                allow_redirects=False,
            )
        except LOST as error:
            passes = not isinstance(error, SSLError)
            raise Unreachable(self._host, type(error).__name__, call.key, passes=passes) from None
        if found.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise _problem(found)
        return found


def _problem(found: requests.Response) -> Problem:
    try:
        told = found.json()
    except ValueError:
        told = None
    after = found.headers.get("Retry-After", "")
    seconds = float(after) if after.isascii() and after.isdecimal() else 0.0
    return Problem(found.status_code, told if isinstance(told, dict) else {}, seconds)


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _path(*parts: Name) -> str:
    """Raises ``ValueError`` for a name that would lead elsewhere."""
    names = list(map(str, parts))
    if wrong := {"", ".", ".."}.intersection(names):
        raise ValueError(f"Nothing can be called {wrong.pop()!r}.")
    return "/v1/" + "/".join(quote(each, safe="") for each in names)
