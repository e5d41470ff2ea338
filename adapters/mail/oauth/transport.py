"""HTTPS to permitted addresses, for ``requests``: limited in time and in octets (C1).

Each exchange has its own connection.
"""

import ssl
from contextlib import closing
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from adapters.mail.checked_http import CheckedHttp, Limits, Reply, Request
from adapters.mail.network import NetworkPolicy

MOST_OCTETS = 256 * 1024
"""Octets in the body of an answer; providers' key sets have about 5,000."""


class AnswerTooLong(OSError):
    def __init__(self) -> None:
        super().__init__(f"The answer has more than {MOST_OCTETS} octets.")


class NoHttp(OSError):
    """The answer is not HTTP, or was cut off."""


class CheckedTransport(BaseAdapter):
    """``seconds`` limit a whole exchange, from looking up the name to the last octet.

    Raises ``OSError``; a ``TimeoutError`` says ``timed out``.
    """

    def __init__(self, policy: NetworkPolicy, trusted: ssl.SSLContext, seconds: float) -> None:
        super().__init__()
        self._policy = policy
        self._trusted = trusted
        self._limits = Limits(seconds, seconds, MOST_OCTETS)

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        headers = {**request.headers, "Connection": "close"}
        asked = Request(str(request.method), urlsplit(request.url or ""), headers, request.body)
        try:
            with closing(CheckedHttp(self._policy, self._trusted, self._limits)) as http:
                return _response(request, http.exchange(asked))
        except TimeoutError:
            raise TimeoutError("timed out") from None
        except HTTPException as error:
            why = f"Connection closed: no whole answer of HTTP came ({type(error).__name__})."
            raise NoHttp(why) from None

    def close(self) -> None:
        """Do nothing: no connection stays open."""


def _response(request: PreparedRequest, reply: Reply) -> Response:
    if len(reply.body) > MOST_OCTETS:
        raise AnswerTooLong
    response = Response()
    response.status_code = reply.status
    response.headers.update(reply.headers.items())
    response.url = str(request.url)
    response.request = request
    response._content = reply.body  # noqa: SLF001 as the library's own adapters do after reading
    return response
