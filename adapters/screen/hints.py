"""Which command helps after an error. The engine's own sentences do not name commands."""

from engine.answers.health import Finding
from engine.fence import StoreIsFenced
from engine.folding import CannotTake
from engine.ports.errors import (
    NoStore,
    NotStoppedThere,
    StoreLacksSteps,
    ViewDiffers,
    ViewStopped,
    WithoutEntries,
)
from engine.stream.errors import OtherTopic, StoreBehind
from engine.work.secret import NoKey
from events.errors import ExplainedError

HINTS: dict[type[ExplainedError], str] = {
    NoStore: "Name one with --store, or make one: `sendledger store migrate`.",
    StoreIsFenced: "See what it lacks: `sendledger store reconcile --dry-run`.",
    StoreLacksSteps: "Run `sendledger store migrate`.",
    WithoutEntries: "Run `sendledger store migrate`.",
    StoreBehind: "Stop every worker, then: `sendledger store recover --from-kafka HOST:PORT`.",
    OtherTopic: "To begin anew: `sendledger relay --begin-anew`.",
    NoKey: "Make one with `sendledger vault init FILE`, and name the file in vault_key_file.",
    CannotTake: "`sendledger status` shows what can be shown without it.",
    ViewDiffers: "Build it anew: `sendledger-replay rebuild --projection {view}`.",
    NotStoppedThere: "Look again: `sendledger projections`.",
    ViewStopped: (
        "When the cause is gone: `sendledger projections retry {view}`; to do without that event "
        "for ever: `sendledger projections skip {view} --position {position} --reason …`."
    ),
}
"""Hints by error; facts of the error by name, in braces."""

OF_FINDINGS = {
    "store_fenced": "See what it lacks: `sendledger store reconcile --dry-run`.",
    "view_stopped": "See `sendledger projections`.",
    "workspace_parked": "When the cause is gone: `sendledger unpark {name}`.",
}
"""Hints by the code of a finding about a store."""


def reconnecting(account_id: str) -> str:
    return f"sendledger accounts reconnect {account_id}"


def hint(error: Exception) -> str:
    """What to type next; empty if there is no hint."""
    if not isinstance(error, ExplainedError):
        return ""
    return HINTS.get(type(error), "").format(**error.about)


def finding_with_hint(finding: Finding) -> str:
    """What is wrong with a store, and what to type next."""
    return f"{finding.text} {OF_FINDINGS.get(finding.code, '').format(name=finding.name)}".rstrip()


def with_hint(error: Exception) -> str:
    """The error's sentence, and what to type next."""
    return f"{error} {hint(error)}".rstrip()
