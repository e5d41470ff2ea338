"""Which checkpoint signs an event, in a sentence."""

from base64 import b64encode

from engine.proof.notes import Checkpoint


def signed(entry: int, tree: Checkpoint) -> str:
    """The sentence for ``entry``, which must be in the tree."""
    root = b64encode(tree.root).decode()
    return (
        f"Entry {entry:,} of the log, signed in the checkpoint over {tree.size:,} entries with the "
        f"root {root}."
    )
