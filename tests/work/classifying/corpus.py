"""Answers of servers, each with its class and where it is from."""

import json
from pathlib import Path
from typing import NamedTuple

from engine.work.classifying.evidence import At, Auth, Evidence, Protocol


class Known(NamedTuple):
    evidence: Evidence
    expected: str
    source: str


FILE = Path(__file__).with_name("evidence.json")


def corpus() -> list[Known]:
    found = json.loads(FILE.read_text(encoding="utf-8"))
    return [
        Known(
            Evidence(
                Protocol(each["protocol"]),
                At(each["stage"]),
                each["text"],
                each["provider"],
                Auth(each["auth"]),
                each["token_fresh"],
            ),
            each["expected"],
            each["source"],
        )
        for each in found
    ]


CORPUS = corpus()
