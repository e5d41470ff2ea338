"""Errors that prevent a history from being proved."""

from events.errors import ExplainedError


class ProofError(ExplainedError):
    """Nothing was signed or proved."""


class NoProofFolder(ProofError):
    sentence = (
        "Nothing can be proved here: no folder of tiles is set. Name one in the setting "
        "proof_folder; workers then sign the log in it."
    )


class NotSignedYet(ProofError):
    sentence = (
        "{what} is not signed yet: the last checkpoint is over {size} entries. Ask again in some "
        "seconds where a worker signs; otherwise have the log signed."
    )


class TileMissing(ProofError):
    sentence = (
        "{path} is missing or incomplete. Restore the folder from a copy; it cannot be made "
        "again without an auditor noticing."
    )


class TilesDiffer(ProofError):
    sentence = (
        "The tiles are not those of the checkpoint: entry {entry} leads to another root. They "
        "were changed, or belong to another checkpoint."
    )


class NotAsSigned(ProofError):
    sentence = (
        "Entry {entry} of the store is not the one that was signed. Hold the store against the "
        "checkpoint: that tells what was changed first."
    )


class NotGrownFrom(ProofError):
    sentence = (
        "The log of {size} entries does not continue from the checkpoint over {noted} that "
        "was noted: it is another history, or shorter. Compare it with the log of the "
        "checkpoint."
    )


class CaseNotProved(ProofError):
    sentence = "The case is not proved: {found}. It was changed, or belongs to another checkpoint."


class ToldOtherwise(ProofError):
    sentence = (
        "All events of the case were signed, but it tells them differently than this version "
        "does: it was changed, or another version wrote it. Read the events that are in it."
    )


class AnotherHistory(ProofError):
    sentence = (
        "The log is not the one that was signed: {found}. Nothing was signed. Bring back the log "
        "that was there, or have the store reconciled, which begins a new generation."
    )


class AnotherOrigin(ProofError):
    sentence = (
        "The checkpoint is of {found}, the store is {expected}. Name the folder of this store, "
        "or an empty one."
    )


class SecretMissing(ProofError):
    sentence = (
        "The store has no secret of workspace {workspace} that can be read, and without it none "
        "of its entries can be held against what was signed. Bring it back from a backup."
    )
