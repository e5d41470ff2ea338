"""Posts a webhook, over a connection to the address that was checked.

Plain HTTP is used only for internal addresses.
"""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from urllib.parse import urlsplit

from adapters.mail.checked_http import CheckedHttp, Limits, Reply, Request, Unencrypted
from adapters.mail.name_lookup import NameNotFound
from adapters.mail.network import AddressNotPermitted, NetworkPolicy
from engine.work.webhooks.ports import Answer

LIMITS = Limits(connect=10.0, whole=20.0, octets=64 * 1024, kept=30.0)
"""The specification advises 15 to 30 seconds. Nobody reads an answer's body."""
USER_AGENT = "Sendledger-Webhook/1"


class HttpSender:
    """Implements ``Send``. Safe to share between threads; ``close`` ends kept connections."""

    def __init__(
        self, policy: NetworkPolicy, trusted: ssl.SSLContext, limits: Limits = LIMITS
    ) -> None:
        self._http = CheckedHttp(policy, trusted, limits)

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            told = {**headers, "user-agent": USER_AGENT}
            return _answer(self._http.exchange(Request("POST", urlsplit(url), told, body)))
        except NameNotFound:
            return Answer(0, "its host's name is not known")
        except AddressNotPermitted:
            return Answer(0, "its host's address is not permitted here")
        except Unencrypted:
            return Answer(0, "plain HTTP is not sent to public addresses")
        except ssl.SSLError as error:
            return Answer(0, f"TLS failed ({error.reason or 'no reason given'})")
        except TimeoutError:
            return Answer(0, "it did not answer in time")
        except HTTPException as error:
            return Answer(0, f"it answered no whole HTTP ({type(error).__name__})")
        except OSError as error:
            return Answer(0, f"the connection failed ({type(error).__name__})")
        except ValueError as error:
            return Answer(0, f"the request cannot be made ({type(error).__name__})")

    def close(self) -> None:
        self._http.close()


def _answer(reply: Reply) -> Answer:
    status = reply.status
    asked = _asked(reply.headers.get("retry-after"), datetime.now(UTC))
    if 300 <= status < 400:
        return Answer(status, f"it redirects ({status}), which is not followed", asked)
    return Answer(status, "" if 200 <= status < 300 else f"it answered {status}", asked)


def _asked(text: str | None, now: datetime) -> timedelta | None:
    """The wait in a header of seconds or a date; None for anything else."""
    told = (text or "").strip()
    if told.isascii() and told.isdigit() and len(told) < 9:
        return timedelta(seconds=int(told))
    try:
        moment = parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return None
    return max(moment.replace(tzinfo=moment.tzinfo or UTC) - now, timedelta(0))
