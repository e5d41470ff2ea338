"""``sendledger``: the commands of all doors, by what a person wants to do."""

from adapters.screen.program import Place, program
from engine.gc_pause import collect_seldom, freeze_survivors

PLACES = {
    "simulate": Place("adapters.scenario.command:simulate"),
    "demo": Place("adapters.demo.command:demo"),
    "sandbox": Place("adapters.mail.sandbox.command:sandbox"),
    "serve": Place("adapters.worker.command:serve"),
    "work": Place("adapters.worker.command:work"),
    "relay": Place("adapters.worker.command:relay"),
    "consume": Place("adapters.cli.consuming:consume"),
    "project": Place("adapters.cli.projecting:project"),
    "archive": Place("adapters.cli.archiving:archive"),
    "looks": Place("adapters.cli.looks:looks"),
    "mcp": Place("adapters.mcp.command:mcp"),
    "clocks": Place("adapters.cli.app:clocks"),
    "notices": Place("adapters.cli.app:notices"),
    "status": Place("adapters.cli.app:status"),
    "health": Place("adapters.cli.app:health"),
    "parked": Place("adapters.cli.app:parked"),
    "unpark": Place("adapters.cli.app:unpark"),
    "reindex": Place("adapters.cli.app:reindex"),
    "accounts": Place(
        "adapters.cli.accounts:app", "Connect, test, repair and look at email accounts."
    ),
    "campaigns": Place(
        "adapters.cli.campaigns:app", "Create, fill, start, pause, resume and look at campaigns."
    ),
    "mail": Place("adapters.cli.mail:app", "Judge what mail servers said, without a connection."),
    "projections": Place(
        "adapters.cli.projections:app",
        "How the views stand, and what to do with one that is stopped.",
    ),
    "proof": Place(
        "adapters.cli.proof:app", "Sign the log, so that nobody can rewrite it unnoticed."
    ),
    "recipients": Place(
        "adapters.cli.recipients:app", "Show recipients, tell why, forget a person."
    ),
    "sends": Place("adapters.cli.by_hand:app", "Record sends by hand, at the simulated provider."),
    "staff": Place(
        "adapters.cli.staff:app", "Let people sign in to the console: add, invite, change."
    ),
    "store": Place("adapters.cli.stores:app", "Make a store fit this program, and check it."),
    "suppressions": Place(
        "adapters.cli.suppressions:app",
        "Whom no campaign ever writes to again: add, import, release, list.",
    ),
    "tokens": Place(
        "adapters.cli.tokens:app", "Let programs call the HTTP API: make, list, revoke tokens."
    ),
    "webhooks": Place(
        "adapters.cli.webhooks:app",
        "Have events delivered by HTTP: create, look at, pause, replay, test.",
    ),
    "vault": Place(
        "adapters.cli.vault:app", "Keep passwords and tokens encrypted: keys, checks, rotation."
    ),
}
"""By name; commands first, then groups."""

app = program("sendledger", "What became of every recipient of an email campaign, and why.", PLACES)


def main() -> None:
    """The entry point. What a command imports stays to the end: to look through it for garbage is
    in vain, while it runs and when it ends."""
    collect_seldom()
    try:
        app()
    finally:
        freeze_survivors()


if __name__ == "__main__":
    main()
