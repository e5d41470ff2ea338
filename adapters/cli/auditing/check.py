"""Checks that the history keeps the law: every rule that events can show, event by event."""

from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

import typer

from adapters.cli.auditing.reading import open_source, reading
from adapters.screen.exit_codes import EXIT_FAILED
from adapters.screen.output import print_json, say, unknown
from adapters.screen.progress import progress
from adapters.screen.where import WholeStore
from engine.audit import Auditor, Violation
from engine.audit.source import PAGE, Source
from engine.gc_pause import gc_paused

KEPT = 1_000
"""Violations listed one by one; the rest are counted by rule. One changed event can break much."""


class Findings:
    """The first violations that were found, and the number of all by rule."""

    def __init__(self, tell: Callable[[Violation], None] = lambda _violation: None) -> None:
        self.first: list[Violation] = []
        self.by_rule: Counter[str] = Counter()
        self._tell = tell

    def add(self, violation: Violation) -> None:
        self.by_rule[violation.rule] += 1
        if len(self.first) < KEPT:
            self.first.append(violation)
            self._tell(violation)


def command(
    workspace: Annotated[
        str | None, typer.Option(help="Only what concerns this workspace. Default: all.")
    ] = None,
    *,
    at: WholeStore,
) -> None:
    """Walk the whole history and verify every rule it can show. Exit 1 when one is broken."""
    with reading(), open_source(at.store) as source:
        if workspace is not None and workspace not in source.workspaces():
            unknown("workspace", workspace, source.workspaces())
        findings = check(source, _ignore if at.as_json else _tell, workspace)
        _show(source, findings, as_json=at.as_json)
    raise typer.Exit(EXIT_FAILED if findings.by_rule else 0)


def check(
    source: Source, tell: Callable[[Violation], None], workspace: str | None = None
) -> Findings:
    """Check the history. ``workspace``: only its violations count, and any damage to the log."""
    findings = Findings(tell)

    def found(violation: Violation) -> None:
        of = violation.event_id.partition(":")[0]
        if workspace is None or of in ("", workspace):
            findings.add(violation)

    auditor = Auditor(found, source.restored_at())
    with gc_paused(), progress("Checking", source.end) as moved:
        while auditor.position < source.end:
            auditor.read(source.read(auditor.position, PAGE))
            moved(auditor.position)
        auditor.finish(source.announced)
    return findings


def _show(source: Source, findings: Findings, *, as_json: bool) -> None:
    count = findings.by_rule.total()
    if as_json:
        print_json(_summary(source, findings))
    elif not count:
        say(f"{source.end:,} events checked. The history keeps every rule that it can show.")
    else:
        rules = ", ".join(f"{rule} {number:,}" for rule, number in sorted(findings.by_rule.items()))
        left_out = f" The first {KEPT:,} are told." if count > KEPT else ""
        say(f"{source.end:,} events checked. Violations: {count:,} ({rules}).{left_out}")


def _summary(source: Source, findings: Findings) -> dict[str, Any]:
    return {
        "store": source.name,
        "events": source.end,
        "clean": not findings.by_rule,
        "violations": [each._asdict() for each in findings.first],
        "by_rule": dict(sorted(findings.by_rule.items())),
    }


def _tell(violation: Violation) -> None:
    rule, position, event_id, event, sentence = violation
    where = f"{event} {event_id}".strip()
    say(f"{rule:>5}  position {position}{f' ({where})' if where else ''}: {sentence}")


def _ignore(_violation: Violation) -> None:
    """Do nothing: JSON lists all violations at the end."""
