"""How a command ends, for scripts. ``docs/exit-codes.md`` describes the codes."""

EXIT_FAILED = 1
"""Something went wrong: the store, a file, an unreadable event; or a check found something."""
EXIT_UNREADABLE = 2
"""The input or the command line cannot be read; nothing was done."""
EXIT_REFUSED = 3
"""The law refused; nothing was changed, except what the message says."""
EXIT_UNKNOWN = 4
"""There is nothing by that name."""
EXIT_AGAIN = 75
"""A connection or the like was lost on the way; start it again."""
EXIT_INTERRUPTED = 130
"""Stopped by Ctrl-C; what was answered before is in the store."""

ERROR_CODES = {
    EXIT_FAILED: "failed",
    EXIT_UNREADABLE: "unreadable",
    EXIT_REFUSED: "refused",
    EXIT_UNKNOWN: "unknown",
    EXIT_AGAIN: "again",
    EXIT_INTERRUPTED: "interrupted",
}
"""The ``code`` of an error in JSON, if it has none of its own."""
