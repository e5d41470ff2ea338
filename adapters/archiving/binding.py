"""What a directory is bound to: it belongs to one archive, and each of its topics to one store."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from adapters.archiving.files import clear_drafts, publish
from adapters.kafka.consumer.consumer import Refused

FORMAT = 1
"""The format of names, days and positions; a change in how records are read needs a new one."""
MARKER, TOPICS = "_archive.json", "_topics"


class Binding(NamedTuple):
    topic: str
    topic_id: str
    source: str


def open_archive(root: Path) -> str:
    """The id of the archive in the directory; an empty directory gets one. Raises ``Refused``."""
    root.mkdir(parents=True, exist_ok=True)
    others = sorted(each.name for each in root.iterdir() if each.name[0] not in "_.")
    if not (root / MARKER).exists():
        if others:
            raise Refused(
                f"Nothing is archived: {root} holds {others[0]} and no archive. Name a directory "
                "that is empty, or that an archive was begun in."
            )
        _publish(root, MARKER, {"format": FORMAT, "id": uuid4().hex[:12]})
    clear_drafts(root)
    found = _read(root / MARKER)
    if found["format"] != FORMAT:
        raise Refused(
            f"Nothing is archived: {root} was written by another version of this program "
            f"(format {found['format']}, not {FORMAT}). Use that one, or begin another directory."
        )
    return str(found["id"])


def bind(root: Path, wanted: Binding) -> None:
    """Bind the topic and the store. Raises ``Refused`` if either is bound otherwise."""
    name = f"{TOPICS}/{wanted.topic}.json"
    if not (root / name).exists():
        _publish(root, name, wanted._asdict())
    for found in _bindings(root):
        if found.topic == wanted.topic and found.topic_id != wanted.topic_id:
            raise made_anew(root, wanted.topic)
        if wanted != found and (found.topic == wanted.topic or found.source == wanted.source):
            raise Refused(
                f"Nothing more is archived: {root} has {found.source} from topic {found.topic}, "
                f"and {wanted.source} is told in {wanted.topic}. Each store needs one topic, and "
                "another one a directory of its own."
            )


def require_the_same(root: Path, topics: Mapping[str, str]) -> None:
    """Require bound topics to be the same. ``topics``: ids by name, "" for none. Raises
    ``Refused``."""
    for found in _bindings(root):
        if topics.get(found.topic, found.topic_id) != found.topic_id:
            raise made_anew(root, found.topic)


def made_anew(root: Path, topic: str) -> Refused:
    return Refused(
        f"Nothing more is archived: topic {topic} is gone or was made anew, and {root} has the "
        "events of the one before. Name that one, or archive the new one in another directory."
    )


def _bindings(root: Path) -> list[Binding]:
    return [Binding(**_read(each)) for each in (root / TOPICS).glob("*.json")]


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise Refused(f"Nothing more is archived: {path} is damaged. Bring it back.") from error
    return found


def _publish(root: Path, name: str, what: object) -> None:
    """Write the file, unless another process was first."""
    text = json.dumps(what).encode()
    with suppress(FileExistsError):
        publish(root, name, lambda file: file.write(text))
