"""``sendledger mail``: judgements that need no connection."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Json
from adapters.screen.output import fail, say
from adapters.screen.program import group
from adapters.screen.tables import print_table

if TYPE_CHECKING:
    from engine.work.inbound import Inbound

app = group(no_args_is_help=True)


@app.callback()
def mail() -> None:
    """Judge what mail servers said, and what came in."""


@app.command()
def classify(
    file: Annotated[Path, typer.Argument(help="Answers of servers: JSON lines, or a JSON array.")],
    as_json: Json = False,
) -> None:
    """Say what is wrong and what to do, for each answer. Prints nothing unless all can be read."""
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


@app.command()
def read(
    files: Annotated[list[Path], typer.Argument(help="Messages as they arrived, one a file.")],
    sent: Annotated[Path, typer.Option(help="What the account has sent, as JSON.")],
    as_json: Json = False,
) -> None:
    """Say what each message means, and for whom. Prints nothing unless all can be read."""
    from adapters.cli.sent_file import UnreadableMail, octets_of, read_sent
    from adapters.composition.mailboxes import mail_reader

    judge = mail_reader()
    try:
        sent_mail = read_sent(sent)
        judged = [(str(file), judge(octets_of(file), sent_mail)) for file in files]
    except UnreadableMail as error:
        fail(str(error), EXIT_UNREADABLE)
    if as_json:
        for file, found in judged:
            sys.stdout.write(json.dumps(_row(file, found)) + "\n")
        return
    rows = [[*_row(file, found).values()] for file, found in judged]
    print_table("Messages", ["file", "kind", "recipients", "campaigns", "until", "because"], rows)


def _row(file: str, found: "Inbound") -> dict[str, Any]:
    return {
        "file": file,
        "kind": found.kind,
        "recipients": found.recipients,
        "campaigns": found.campaigns,
        "until": found.until.isoformat() if found.until else None,
        "because": found.because,
    }
