"""A sandbox obeys over HTTP, and says what it did not understand."""

import json
from http.client import HTTPConnection
from typing import Any

import pytest

from adapters.mail.sandbox.control import OPERATIONS
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.sandbox.world import Served
from tests.mail.sandbox.clients import PATIENCE

ANN = "ann@sandbox.test"


def told(
    served: Served, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, Any]:
    connection = HTTPConnection(served["control"].removeprefix("http://"), timeout=PATIENCE)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_message_is_delivered_and_read(served: Served) -> None:
    letter = {"account": ANN, "message": "Subject: One\n\nOne\n"}
    assert told(served, "POST", "/deliver", letter) == (200, None)
    assert told(served, "POST", "/messages", {"account": ANN}) == (
        200,
        ["Subject: One\r\n\r\nOne\r\n"],
    )


def test_faults_and_refusals_are_taken(served: Served) -> None:
    fault = {"service": "imap", "stage": "greeting", "act": "drip", "pace": 0.5, "times": 1}
    assert told(served, "POST", "/fail", fault)[0] == 200
    assert told(served, "POST", "/refuse", {"failure_class": "throttled"})[0] == 200
    assert told(served, "POST", "/relent") == (200, None)


def test_it_says_what_it_can_do(served: Served) -> None:
    status, body = told(served, "GET", "/")
    assert status == 200
    assert [each["name"] for each in body["operations"]] == [*OPERATIONS]
    assert all(each["about"] for each in body["operations"])


def test_it_serves_what_it_says(served: Served) -> None:
    assert told(served, "POST", "/served") == (200, served)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "complaint"),
    [
        ("POST", "/begin", {}, 404, "There is no operation /begin"),
        ("GET", "/relent", None, 405, "Use POST"),
        ("POST", "/revoke", {}, 422, "account: Missing required argument"),
        ("POST", "/revoke", [1], 422, "a JSON object"),
        ("POST", "/messages", {"account": "x@y.test"}, 422, "no mailbox x@y.test"),
        ("POST", "/messages", {"account": ANN, "folder": "Old"}, 422, "no folder Old"),
        (
            "POST",
            "/refuse",
            {"failure_class": "bored"},
            422,
            "unknown, unreachable, tls_untrusted.",
        ),
        ("POST", "/fail", {"service": "imap", "stage": "data", "act": "drop"}, 422, "no stage"),
        ("POST", "/fail", {"service": "pop3", "stage": "tls", "act": "drop"}, 422, "service: "),
    ],
)
def test_what_it_does_not_understand_it_says(
    served: Served, method: str, path: str, body: object, status: int, complaint: str
) -> None:
    answer = told(served, method, path, body)
    assert answer[0] == status
    assert complaint in answer[1]["error"]


def test_no_page_of_a_browser_controls_it(served: Served) -> None:
    assert told(served, "POST", "/relent", {}, Origin="http://evil.test")[0] == 403


def test_it_obeys_while_everything_fails(sandbox: Sandbox, served: Served) -> None:
    for service in ("imap", "smtp", "oauth"):
        sandbox.close_port(service)
    assert told(served, "POST", "/relent")[0] == 200


def test_it_can_do_whatever_a_program_can() -> None:
    assert all(callable(getattr(Sandbox, name)) for name in OPERATIONS)
