"""How a process's log looks, written by real processes."""

import json
import subprocess
import sys
from datetime import UTC, datetime

PROGRAM = """
import logging, structlog
from adapters.observing.logs import configure_logs
from adapters.settings.model import EngineSettings
log = structlog.get_logger("sendledger.test")
configure_logs(EngineSettings(log_format={format!r}, log_level={level!r}))
log.debug("looked", events=0)
log.info("settled", events=3)
logging.getLogger("kafka").info("a connection is ready")
logging.getLogger("kafka").warning("a connection was lost")
logging.getLogger("psycopg.pool").warning("a connection was lost, as the worker tells by itself")
logging.getLogger("apscheduler.scheduler").warning("a turn was missed")
password = "hunter2"
try:
    raise ValueError("cannot")
except ValueError:
    log.exception("turn failed", turn="clocks")
    logging.getLogger("apscheduler").exception("a job failed")
"""


def written(format: str = "text", level: str = "info") -> str:  # noqa: A002
    program = PROGRAM.format(format=format, level=level)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout


def test_a_line_for_people_has_what_happened_and_its_facts() -> None:
    (line,) = [each for each in written().splitlines() if "settled" in each]

    assert "events=3" in line
    moment = datetime.fromisoformat(line.split()[0])
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    assert "\x1b" not in line, "colours are for terminals"


def test_as_json_every_line_is_an_object_those_of_libraries_too() -> None:
    lines = [json.loads(line) for line in written("json").splitlines()]

    assert [line["event"] for line in lines] == [
        "settled",
        "a connection was lost",
        "turn failed",
        "a job failed",
    ]
    assert lines[0]["events"] == 3
    assert lines[0]["level"] == "info"
    assert lines[1]["logger"] == "kafka"
    for line in lines:
        moment = datetime.fromisoformat(line["timestamp"])
        assert moment.utcoffset() == UTC.utcoffset(None)


def test_what_is_below_the_level_is_not_written() -> None:
    assert "looked" not in written(level="info")
    assert "looked" in written(level="debug")
    errors = [json.loads(line)["event"] for line in written("json", "error").splitlines()]
    assert errors == ["turn failed", "a job failed"]


def test_a_traceback_tells_no_value_of_any_variable() -> None:
    for written_as in ("text", "json"):
        said = written(written_as)

        assert said.count("ValueError: cannot") == 2
        assert "hunter2" not in said
