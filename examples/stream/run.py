"""A stop travels from a click to a consumer's row; everything runs on this machine, and ends."""

import json
import os
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from subprocess import SubprocessError
from typing import NoReturn
from uuid import uuid4

try:
    import psycopg
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError
    from servers import start_kafka, start_postgres
    from watching import DISCONNECTED, STOPPED, Watch
except ModuleNotFoundError as missing:
    sys.exit(
        f"{missing.name} is not installed here. Run it with the Python that has Sendledger: "
        "make stream, or .venv/bin/python examples/stream/run.py"
    )

from children import Children, Failed
from world import SENDLEDGER, World, tell

INVOICES = Path(__file__).resolve().parents[1] / "stopped_invoices" / "invoices.py"
ANN, BEN, ZOE = "ann@acme.example", "ben@example.net", "zoe@example.org"
HOUR = 5
"""Seconds that the hour after a disconnect lasts here (``grace_period``)."""


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--kafka", metavar="HOST:PORT", help="a broker of yours, for trials")
    parser.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")
    options = parser.parse_args()
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, _end)
    try:
        with tempfile.TemporaryDirectory(prefix="sendledger-stream-") as folder:
            Path(folder).chmod(0o711)  # as root, PostgreSQL runs as somebody else
            if options.kafka:
                with _topic_of(options.kafka) as topic:
                    show(options, Path(folder), topic)
            else:
                show(options, Path(folder), "sendledger.events")
    except (Failed, KafkaError, psycopg.Error, OSError, SubprocessError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _end(*_: object) -> NoReturn:
    raise KeyboardInterrupt


@contextmanager
def _topic_of(kafka: str) -> Iterator[str]:
    """For this time alone: the broker is not ours, and goes on without it. Raises ``Failed``."""
    try:
        KafkaAdminClient(bootstrap_servers=kafka, bootstrap_timeout_ms=5_000).close()
    except (KafkaError, ValueError) as error:
        raise Failed(f"No broker answers at {kafka}. Name one as --kafka HOST:PORT.") from error
    topic = f"sendledger.example-{uuid4().hex[:8]}"
    try:
        yield topic
    finally:
        try:
            with KafkaAdminClient(bootstrap_servers=kafka, bootstrap_timeout_ms=5_000) as admin:
                admin.delete_topics([topic, f"{topic}.refusals"])
        except KafkaError as error:
            tell(f"{topic} is not removed: {error}")


def show(options: Namespace, folder: Path, topic: str) -> None:
    tell(f"everything is in {folder}; an hour lasts {HOUR} s here (setting grace_period)")
    with Children() as children:
        kafka = options.kafka or start_kafka(children, folder / "kafka")
        tell(f"Kafka is at {kafka}")
        postgres = start_postgres(children, folder / "postgres")
        tell(f"PostgreSQL is at {postgres}" if postgres else "no PostgreSQL: nothing is projected")
        settings = {"KAFKA": kafka, "KAFKA_TOPIC": topic, "GRACE_PERIOD": f"PT{HOUR}S"}
        world = World(folder, children, kafka, topic, postgres, _environment(settings))
        begin(world)
        follow(world)
        travel(world)
        if options.keep:
            keep(world)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """With these settings and no others."""
    ours = {name: each for name, each in os.environ.items() if not name.startswith("SENDLEDGER_")}
    return ours | {f"SENDLEDGER_{name}": each for name, each in settings.items()}


def begin(world: World) -> None:
    """A campaign in which Ben has heard from Ann, and Zoe from nobody."""
    (world.folder / "people.csv").write_text(f"email\n{BEN}\n{ZOE}\n")
    world.sendledger("accounts", "connect", "slot-1", ANN)
    world.sendledger("campaigns", "create", "spring", "--from", ANN)
    world.sendledger("campaigns", "import", "spring", "people.csv")
    world.sendledger("campaigns", "start", "spring")
    world.sendledger("sends", "accepted", BEN, ANN, "--campaign", "spring")
    tell(f"campaign spring runs: {BEN} has an email from {ANN}, {ZOE} has none yet")


def follow(world: World) -> None:
    """Who settles, who relays, and who reads the topic."""
    world.start("serve", str(SENDLEDGER), "serve")
    world.wait_for("serve", "relaying")
    tell(f"sendledger serve settles clocks, and relays into {world.topic}")
    reporting = ("--into", "reporting.db", "--group", f"reporting-{world.topic}")
    world.start("consume", str(SENDLEDGER), "consume", *reporting)
    world.start("invoices", sys.executable, str(INVOICES), world.kafka, world.topic, "invoices.db")
    if world.postgres:
        views = ("--into", world.postgres, "--group", f"views-{world.topic}")
        world.start("project", str(SENDLEDGER), "project", *views)
        world.wait_for("project", "Projecting")
    world.wait_for("consume", "Consuming")
    world.wait_for("invoices", "Consuming")
    readers = ("consume", "the invoice service", *(["project"] if world.postgres else []))
    tell(f"they read the topic: {', '.join(readers)}")


def travel(world: World) -> None:
    """Ann is disconnected and not brought back: Ben is stopped, and everybody learns of it."""
    ben, zoe = (_id(world, each) for each in (BEN, ZOE))
    with Watch(world, ben) as watch, Watch(world, zoe) as other:
        tell(f"CLICK: somebody disconnects {ANN}, and does not bring it back")
        world.sendledger("accounts", "disconnect", ANN, "--yes")
        world.children.wait_until("the topic has it", lambda: watch.tells_of(DISCONNECTED))
        recorded = watch.moment(DISCONNECTED, "ce_recordedtime")
        tell("store: AccountDisconnected is recorded, the hour begins", recorded)
        seen = _everywhere(world, watch)
        due = watch.moment(STOPPED, "ce_time")
        seen["store: RecipientStopped is recorded"] = watch.moment(STOPPED, "ce_recordedtime")
        tell("the hour is over", due)
        for what, at in sorted(seen.items(), key=lambda each: each[1]):
            tell(f"{what}, after {(at - due).total_seconds():.3f} s", at)
        if other.consumed() or other.invoiced():
            raise Failed(f"{ZOE} has heard from nobody, and is stopped.")
    tell(f"{ZOE} has heard from nobody, and has no row")


def _everywhere(world: World, watch: Watch) -> dict[str, datetime]:
    """When the stop was first seen where."""
    hops: dict[str, Callable[[], bool]] = {
        "topic: a read_committed reader sees it": lambda: watch.tells_of(STOPPED),
        "consume: a row of consumed_events": watch.consumed,
        "invoices: an invoice": watch.invoiced,
    }
    if world.postgres:
        hops["project: a row of view_recipient_status"] = watch.projected
    seen: dict[str, datetime] = {}

    def look() -> bool:
        for what in [each for each in hops if each not in seen]:
            if hops[what]():
                seen[what] = datetime.now(UTC)
        return seen.keys() == hops.keys()

    world.children.wait_until("the stop is everywhere", look, pause=0.005)
    return seen


def keep(world: World) -> None:
    tell(f"everything goes on in {world.folder} until Ctrl-C; the README says where to look")
    while True:
        world.children.look()
        time.sleep(1)


def _id(world: World, address: str) -> str:
    told = json.loads(world.sendledger("recipients", "show", address, "--json"))
    return str(told["recipient_id"])


if __name__ == "__main__":
    main()
