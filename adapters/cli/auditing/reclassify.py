"""What today's classifier would say about the checks that failed."""

from typing import Any

from adapters.cli.auditing.reading import reading
from adapters.cli.common import settings_of
from adapters.composition.programs import asking
from adapters.screen.output import print_json, say
from adapters.screen.progress import progress
from adapters.screen.tables import print_table
from adapters.screen.where import WholeStore
from engine.answers.telling.rows import told
from engine.audit.reclassify import Reclassified, Reclassifier
from engine.audit.source import Source, facts
from engine.work.classifying.classifier import CLASSIFIER

CHECKS = ("account_id", "position", "occurred_at", "was", "now", "sentence")
AVOIDED = ("incident_id", "opened_at", "opens_at")
MISSED = ("account_id", "position", "occurred_at")


def command(*, at: WholeStore) -> None:
    """Judge kept evidence by today's classifier, and show what would have come out differently."""
    with reading(), asking(settings_of(at)) as opened:
        source = Source(opened.store, opened.views)
        with progress("Reclassifying", source.end) as moved:
            found = Reclassifier(opened.evidence.find).read(facts(source, progress=moved))
    if at.as_json:
        print_json(_json(found))
    else:
        _show(found)


def _json(found: Reclassified) -> dict[str, Any]:
    return {
        "classifier": CLASSIFIER,
        "checks": found.checks,
        "judged": found.judged,
        "otherwise": [told(each) for each in found.otherwise],
        "avoided": [told(each) for each in found.avoided],
        "missed": [told(each) for each in found.missed],
    }


def _show(found: Reclassified) -> None:
    tables = (
        ("Checks that would be told otherwise", CHECKS, found.otherwise),
        ("Incidents that would not have been opened then", AVOIDED, found.avoided),
        ("Checks that would have opened an incident", MISSED, found.missed),
    )
    for title, columns, rows in tables:
        if rows:
            print_table(title, columns, ([told(row)[each] for each in columns] for row in rows))
    say(
        f"{found.checks:,} failed checks, {found.judged:,} with evidence: "
        f"{len(found.otherwise):,} would be told otherwise by {CLASSIFIER}, "
        f"{len(found.avoided):,} incidents would not have been opened when they were, "
        f"{len(found.missed):,} would have been."
    )
