"""``sendledger mail``: what can be judged without a connection."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Json
from adapters.screen.output import fail, say
from adapters.screen.program import group

app = group(no_args_is_help=True)


@app.callback()
def mail() -> None:
    """Judge what mail servers said."""


@app.command()
def classify(
    file: Annotated[Path, typer.Argument(help="Answers of servers: JSON lines, or a JSON array.")],
    as_json: Json = False,
) -> None:
    """Tell from each answer what is wrong and what to do. Prints nothing unless all can be read."""
    from adapters.cli.evidence_file import UnreadableEvidence, read_evidence
    from engine.work.classifying.classifier import classify as judged

    try:
        evidence = read_evidence(file)
    except UnreadableEvidence as error:
        fail(str(error), EXIT_UNREADABLE)
    for each in evidence:
        outcome, classifier, sentence, _ = judged(each)
        if as_json:
            line = {"class": outcome, "classifier": classifier, "sentence": sentence}
            sys.stdout.write(json.dumps(line) + "\n")
        else:
            say(f"{outcome}: {sentence}")
