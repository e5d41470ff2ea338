"""F1: a secret shows itself only to whoever asks for it by name."""

import copy
import json
import logging
import pickle
import traceback

import pydantic
import pytest

from engine.work.secret import Secret

PASSWORD = "correct-horse"  # noqa: S105 of nobody


def telling(secret: Secret) -> list[str]:
    return [
        *(
            str(secret),
            repr(secret),
            f"{secret}",
            f"{secret!r:>30}",
            f"{secret:>30}",
        ),
        *(repr([secret]), repr({"password": secret}), str((secret,))),
        logging.LogRecord("x", 1, "x", 1, "%s and %r", (secret, secret), None).getMessage(),
    ]


def test_it_is_printed_nowhere() -> None:
    for told in telling(Secret(PASSWORD)):
        assert PASSWORD not in told
        assert "Secret(…)" in told


def test_it_is_revealed_to_whoever_asks() -> None:
    assert Secret(PASSWORD).reveal() == PASSWORD


@pytest.mark.parametrize("write", [json.dumps, pickle.dumps, vars, hash])
def test_it_is_written_nowhere(write: object) -> None:
    assert callable(write)
    with pytest.raises(TypeError) as refused:
        write(Secret(PASSWORD))
    assert PASSWORD not in "".join(traceback.format_exception(refused.value))


def test_pydantic_does_not_take_it_in() -> None:
    with pytest.raises(pydantic.errors.PydanticSchemaGenerationError):
        pydantic.TypeAdapter(Secret)


def test_it_cannot_be_changed() -> None:
    secret = Secret(PASSWORD)
    with pytest.raises(AttributeError):
        secret._value = "other"
    assert copy.deepcopy([secret])[0] is copy.copy(secret) is secret


def test_the_same_secret_is_equal_and_another_or_a_text_is_not() -> None:
    assert Secret("\udcffä") == Secret("\udcffä")
    assert Secret(PASSWORD) != Secret("other")
    assert Secret(PASSWORD) != PASSWORD
    assert not Secret("")
