"""Verify a Sendledger case file offline, with nothing but Python's standard library (3.11 on).

    python verify_case.py CASE.json --key VERIFIER_KEY [--checkpoint NOTED]

A case file tells why one recipient was stopped, and holds the events that this rests on. Exit 0:
each of these events is in the log that was signed, and what the file says of it is what it holds.
Exit 1: not so, or the file is no case file. docs/proof.md describes the file.
"""

import argparse
import hmac
import json
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

# The file: exactly these keys, and values of exactly these kinds.
Shape = dict[str, Any]


def texts(names: str) -> Shape:
    return dict.fromkeys(names.split(), str)


HASH, TEXT_OR_NONE = re.compile(r"[0-9a-f]{64}"), (str, None)
SENTENCE = texts("section text event_id event occurred_at recorded_at actor") | {"position": int}
TOLD: Shape = texts("workspace campaign_id recipient_id status sender")
TOLD |= {"person": None, "not_before": None, "sentences": [SENTENCE]}
ENVELOPE: Shape = texts("command_id command workspace")  # in the order that the digest takes
ENVELOPE |= {"recorded_at": int, "actor": str, "correlation_id": str, "causation_id": TEXT_OR_NONE}
ENVELOPE |= {"first_position": int, "event_count": int, "rejection": TEXT_OR_NONE}
EVENT: Shape = texts("stream topic state") | {"entry": int, "position": int, "version": int}
EVENT |= {"envelope": ENVELOPE, "nonce": HASH, "path": [HASH]}
CASE: Shape = {"sendledger_case": int, "case": TOLD, "checkpoint": str}
CASE |= {"since": ({"size": int, "root": HASH, "path": [HASH]}, None), "events": [EVENT]}

LIMITS = """\
Not verified, because no file can show it: that nothing else was recorded about the case; that what
was recorded is true. Signatures of ML-DSA-44 and cosignatures of witnesses are ignored here. The
words of the sentences are Sendledger's: `sendledger-replay verify` tells them anew from the events,
which you may read yourself under "events"."""


class NotVerified(Exception):
    """The text says why."""


def refuse(why: str) -> NoReturn:
    raise NotVerified(why)


def without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key that stands twice would be read by a person here and by a program there."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else refuse("a key of the file stands twice")


def fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, dict):
        is_one = isinstance(value, dict) and value.keys() == shape.keys()
        return is_one and all(fits(value[name], shape[name]) for name in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(each, shape[0]) for each in value)
    if isinstance(shape, tuple):
        return any(fits(value, each) for each in shape)
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    return value is None if shape is None else type(value) is shape


# Ed25519 (RFC 8032), slow and short.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]


def added(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    return x % P, (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P


def times(factor: int, point: Point) -> Point:
    found = (0, 1)
    while factor:
        found = added(found, point) if factor & 1 else found
        point, factor = added(point, point), factor >> 1
    return found


def point_of(octets: bytes) -> Point:
    """Refuses octets that are no point of the curve (5.1.3)."""
    y, sign = int.from_bytes(octets, "little") & (1 << 255) - 1, octets[31] >> 7
    squared = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(squared, (P + 3) // 8, P)
    if (x * x - squared) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - squared) % P or (x == 0 and sign):
        refuse("the key is no point of the curve")
    return (P - x if x & 1 != sign else x), y


def is_signed(public: bytes, signature: bytes, text: bytes) -> bool:
    """[s]B = R + [k]A (5.1.7), compared as octets."""
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= ORDER:
        return False
    k = int.from_bytes(sha512(signature[:32] + public + text).digest(), "little") % ORDER
    base = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    key_x, key_y = point_of(public)
    x, y = added(times(s, base), times(k, (P - key_x, key_y)))
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# The checkpoint: a signed note of C2SP.
class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes


def from_base64(text: str) -> bytes:
    octets = b64decode(text, validate=True)
    return octets if b64encode(octets).decode() == text else refuse("its base64 is malformed")


def checkpoint_of(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < 3 or not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1], re.ASCII):
        refuse("the lines of the checkpoint are no origin, size and root")
    return Checkpoint(lines[0], int(lines[1]), from_base64(lines[2]))


def opened(note: str, keys: str) -> Checkpoint:
    """If one of the Ed25519 keys signed it. Others, and witnesses' cosignatures, are ignored."""
    known = {}
    for name, id_, public in (key.split("+", 2) for key in keys.split()):
        octets = from_base64(public)
        if sha256(name.encode() + b"\n" + octets).hexdigest()[:8] != id_:
            refuse("a key is not as it was handed out: NAME+ID+KEY")
        known[name, bytes.fromhex(id_)] = octets[1:] if octets[0] == 1 else b""
    text, _, signatures = note.rpartition("\n\n")
    for line in signatures.split("\n")[:-1] if signatures.endswith("\n") else ():
        found = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})", line)
        if found is None:
            refuse("a line under the note is no signature")
        signed = from_base64(found[2])
        key = known.get((found[1], signed[:4]))
        if key and is_signed(key, signed[4:], f"{text}\n".encode()):
            checkpoint = checkpoint_of(f"{text}\n")
            return checkpoint if checkpoint.origin == found[1] else refuse("it is of another log")
    return refuse("the checkpoint is not signed by an Ed25519 key that you were given")


# The Merkle tree (RFC 6962; the two loops are those of RFC 9162, 2.1.3.2 and 2.1.4.2).
def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def steps(index: int, last: int, path: list[str]) -> Iterator[tuple[bytes, bool]]:
    """Each hash of the path, and whether it stands to the left."""
    for hash_ in path:
        if last == 0:
            refuse("a path is too long")
        is_left = bool(index & 1) or index == last
        yield bytes.fromhex(hash_), is_left
        while is_left and not index & 1 and index:
            index, last = index >> 1, last >> 1
        index, last = index >> 1, last >> 1
    if last:
        refuse("a path is too short")


def is_included(entry: bytes, index: int, path: list[str], tree: Checkpoint) -> bool:
    found = sha256(b"\x00" + entry).digest()
    for hash_, is_left in steps(index, tree.size - 1, path):
        found = node_hash(hash_, found) if is_left else node_hash(found, hash_)
    return 0 <= index < tree.size and found == tree.root


def goes_on_from(old: Checkpoint, path: list[str], tree: Checkpoint) -> bool:
    if old.size in {0, tree.size}:
        return not path and old.root == (tree.root if old.size else sha256().digest())
    if not 0 < old.size < tree.size or not path:
        return False
    index, last = old.size - 1, tree.size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    begin, *rest = [old.root.hex(), *path] if index == 0 else path
    first = second = bytes.fromhex(begin)
    for hash_, is_left in steps(index, last, rest):
        first = node_hash(hash_, first) if is_left else first
        second = node_hash(hash_, second) if is_left else node_hash(second, hash_)
    return (first, second) == (old.root, tree.root)


# The events.
def entry_of(event: dict[str, Any]) -> bytes:
    """The 32 octets in the tree: what was recorded, under a nonce that hides it from others."""
    envelope = json.dumps(
        [event["envelope"][name] for name in ENVELOPE], separators=(",", ":"), ensure_ascii=False
    )
    parts = [event[name].encode() for name in ("stream", "topic", "state")]
    lengths = " ".join(str(len(part)) for part in parts)
    head = f"sendledger/1 {event['position']} {event['version']} {lengths}\n".encode()
    record = head + b"".join(parts) + sha256(envelope.encode()).digest()
    return hmac.digest(bytes.fromhex(event["nonce"]), record, "sha256")


def spelled(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def facts_of(event: dict[str, Any]) -> dict[str, Any]:
    """What a sentence of the file may say of the event."""
    envelope, state = event["envelope"], json.loads(event["state"])
    recorded_at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=envelope["recorded_at"])
    place = event["position"] - envelope["first_position"]
    return {
        "position": event["position"],
        "event_id": f"{envelope['workspace']}:{envelope['command_id']}.{place}",
        "event": event["topic"].partition("/")[0],
        "occurred_at": spelled(datetime.fromisoformat(state["occurred_at"])),
        "recorded_at": spelled(recorded_at),
        "actor": envelope["actor"],
    }


def require_same(told: dict[str, Any], events: list[dict[str, Any]]) -> str:
    """Of workspace, stop and sentences the file says what the events hold. Answers the stop."""
    if {event["envelope"]["workspace"] for event in events} != {told["workspace"]}:
        refuse("an event is of another workspace")
    facts = {event["position"]: facts_of(event) for event in events}
    for sentence in told["sentences"]:
        said = {name: sentence[name] for name in sentence if name not in {"section", "text"}}
        if said != facts.get(sentence["position"]):
            refuse(f"what is said of position {sentence['position']} is not what was recorded")
    answer = [each["position"] for each in told["sentences"] if each["section"] == "answer"]
    stop = next((event for event in events if [event["position"]] == answer), events[0])
    state, event = json.loads(stop["state"]), facts[stop["position"]]
    held = [state.get(name) for name in ("campaign_id", "recipient_id", "account_id")]
    expected = [*held, "campaign_stopped", event["event"]]
    names = ("campaign_id", "recipient_id", "sender", "status")
    if [*(told[name] for name in names), "RecipientStopped"] != expected:
        refuse("the answer does not rest on the stop of this recipient")
    return f"{event['occurred_at']}, because of {told['sender']} ({state['reason']})"


def verify(file: str, key: str, noted: str | None = None) -> Iterator[str]:
    """What was verified, sentence by sentence. Raises ``NotVerified``, or what Python does."""
    found = json.loads(file, object_pairs_hook=without_doubles)
    if not fits(found, CASE) or found["sendledger_case"] != 1:
        refuse("it is no case file of version 1")
    tree, told, events = opened(found["checkpoint"], key), found["case"], found["events"]
    yield f"The checkpoint over {tree.size} entries is signed by the key of {tree.origin}."
    if [each["entry"] for each in events] != sorted({each["entry"] for each in events}):
        refuse("the events are not in order")
    for event in events:
        if not is_included(entry_of(event), event["entry"], event["path"], tree):
            refuse(f"the event at position {event['position']} is not in the signed log")
    yield f"All {len(events)} events of the file are in the signed log, exactly as they are here."
    stopped = require_same(told, events)
    yield f"{told['recipient_id']} was stopped in {told['campaign_id']} at {stopped}."
    yield "Type, times, author and place in each sentence are those of its event."
    older = own = tree
    if since := found["since"]:
        older = own = Checkpoint(tree.origin, since["size"], bytes.fromhex(since["root"]))
        if not goes_on_from(older, since["path"], tree):
            refuse("the log does not continue from the older checkpoint")
    if noted is not None and (own := checkpoint_of(noted)) not in {tree, older}:
        refuse("nothing in the file leads to the checkpoint that you noted")
    if since or noted is not None:
        yield f"The log goes on from the checkpoint over {own.size} entries, root {own.root.hex()}."


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify a Sendledger case file, offline.")
    parser.add_argument("case", type=Path, help="the case file")
    parser.add_argument("--key", type=Path, required=True, help="the key that you were given")
    parser.add_argument("--checkpoint", type=Path, help="an older checkpoint that you noted")
    files = parser.parse_args(words)
    try:
        noted = files.checkpoint and files.checkpoint.read_text("utf-8")
        told = [*verify(files.case.read_text("utf-8"), files.key.read_text("utf-8"), noted)]
    except (NotVerified, OSError, ValueError, ArithmeticError, RecursionError) as error:
        print(f"Not verified: {error}.")
        return 1
    print("Verified.", *told, LIMITS, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
