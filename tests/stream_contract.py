"""The published contract of the stream: ``docs/stream/``.

``python -m tests.stream_contract`` writes the schemas of new events and new versions beside the
others, and ``asyncapi.yaml`` anew. It never changes a schema that is there: consumers were built on
it. ``docs/stream-contract.md`` tells how a new version is made.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from engine.ports.log import Entry, StoreIdentity
from engine.stream.cloud_events import Teller
from engine.stream.headers import headers_schema, headers_schema_without_events
from engine.stream.schemas import Schema, names, schemas
from events.recorded import Envelope
from tests.events.golden import recorded
from tests.stream.asyncapi import document
from tests.stream.compatibility import differences, incompatible

FOLDER = Path(__file__).parents[1] / "docs" / "stream"
HEADERS = {
    "headers": headers_schema(),
    "headers-without-events": headers_schema_without_events(),
}
TELLER = Teller(StoreIdentity("5b1f0c8e7a3d4926", 1))
RECORDED = datetime(2026, 3, 2, 12, 30, 15, 200_000, tzinfo=UTC)
REFUSED = json.dumps({"code": "no_sender", "message": "Campaign spring has no sender."})


def published(folder: Path = FOLDER) -> dict[str, Schema]:
    """``<Name>.v<n>`` to schema, of every version there ever was."""
    return {each.stem: json.loads(each.read_text("utf-8")) for each in folder.glob("*.v*.json")}


def grown(
    before: Mapping[str, Schema], current: Mapping[str, Schema], needed: set[str]
) -> dict[str, Schema]:
    """With the schemas of new events and versions.

    Raises ``ValueError`` for a published one that says something else now, for a change from one
    version to the next that breaks consumers, and for a superseded version that has no schema.
    """
    changed = {
        f"{name}: {found}"
        for name in before.keys() & current.keys()
        for found in differences(before[name], current[name])
    }
    if changed:
        raise ValueError(
            f"Published schemas do not change; raise the event's version. {_listed(changed)}"
        )
    after = {**current, **before}
    if broken := {*incompatible(after)}:
        raise ValueError(f"Name a new event instead. {_listed(broken)}")
    if lost := needed - after.keys():
        raise ValueError(f"Restore the published schema of {_listed(lost)}")
    return after


def _listed(found: set[str]) -> str:
    return "; ".join(sorted(found))


def examples() -> Iterator[Entry]:
    """An entry for every version of every event, and one without events."""
    for number, line in enumerate(recorded()):
        topic = str(json.loads(line)["topic"])
        state = line.partition(',"state":')[2].removesuffix("}").encode()
        row = (number + 1, f"acme:{_stream(topic, json.loads(state))}", 1, topic, state)
        yield Entry(number, _envelope(number + 1, 1), row)
    end = len(recorded())
    yield Entry(end, _envelope(end + 1, 0)._replace(rejection=REFUSED), None)


def _stream(topic: str, state: Mapping[str, Any]) -> str:
    if topic.startswith("Slot"):
        return f"slot:{state['slot_id']}"
    if topic.startswith(("Person", "Domain")):
        return "suppressions:all"
    if topic == "PeopleCommitted":
        return "people:all"
    if topic.startswith(("SendCounted", "SendUncounted")):
        return f"account:{state['account_id']}"
    if "campaign_id" in state:
        return f"campaign:{state['campaign_id']}"
    if "recipient_id" in state:
        return f"recipient:{state['recipient_id']}"
    return f"account:{state['account_id']}"


def _envelope(first_position: int, event_count: int) -> Envelope:
    return Envelope(
        command_id="command-1",
        command="ExampleCommand",
        workspace="acme",
        recorded_at=RECORDED,
        actor="user:kim",
        correlation_id="command-1",
        causation_id=None,
        first_position=first_position,
        event_count=event_count,
    )


def asyncapi_page(schemas_: Mapping[str, Schema]) -> str:
    drawn = document(schemas_, examples(), TELLER)
    return yaml.dump(drawn, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        return True


def json_page(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def publish(folder: Path) -> None:
    """Write what is new. Raises ``ValueError`` as ``grown`` does, and writes nothing then."""
    before = published(folder)
    after = grown(before, schemas(), names())
    for name in after.keys() - before.keys():
        (folder / f"{name}.json").write_text(json_page(after[name]), "utf-8")
    for name, schema in HEADERS.items():
        (folder / f"{name}.json").write_text(json_page(schema), "utf-8")
    (folder / "asyncapi.yaml").write_text(asyncapi_page(after), "utf-8")


def main() -> None:
    try:
        publish(FOLDER)
    except ValueError as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
