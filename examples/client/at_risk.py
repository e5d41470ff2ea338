"""Who is at risk, until when, and the cheapest cure: as a backend service would ask every minute.

``SENDLEDGER_TOKEN=… python at_risk.py https://sendledger.example.com [WORKSPACE]``.
The role of viewer is enough for the token: people are told by their ids.
"""

import os
import sys
from collections.abc import Iterator
from datetime import timedelta

from sendledger_client import Client, Problem, RunningClock, Unreachable

MOST_NAMED = 5
AT_RISK = {"active", "held"}


def lines(client: Client) -> Iterator[str]:
    clocks = client.now()["clocks"]
    for clock in clocks:
        people = at_risk(client, clock)
        named = ", ".join(people[:MOST_NAMED]) + (" …" if len(people) > MOST_NAMED else "")
        left = timedelta(seconds=clock["seconds_left"])
        yield f"{clock['campaign_id']}: {len(people)} stop in {left}: {named}"
        yield f"  {clock['cheapest_cure']}"
    if not clocks:
        yield "Nobody is at risk."


def at_risk(client: Client, clock: RunningClock) -> list[str]:
    """Who heard from the account and is not through with the campaign."""
    rows = client.list_campaign_recipients(
        clock["campaign_id"], sender=clock["account_id"], fields="recipient_id,status"
    )
    return [each["recipient_id"] for each in rows if each["status"] in AT_RISK]


def main() -> None:
    address, workspace = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    try:
        with Client(address, os.environ["SENDLEDGER_TOKEN"], workspace=workspace) as client:
            for line in lines(client):
                sys.stdout.write(f"{line}\n")
    except (Problem, Unreachable) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
