"""A list that another program exported, line by line: who, and what became of them there."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from adapters.csv.other_tools import GRAVEST, TOOLS, Tool
from adapters.csv.recipients_csv import RecipientsFile
from engine.answers.telling.one_line import one_line
from engine.work.migrating import Lead
from engine.work.ports import Person, RejectedLine
from events.vocabulary import Signal

NOTHING = {"", "0", "false", "no", "none", "null"}


class LeadsFile(RecipientsFile):
    """``tool`` is one of ``TOOLS``; the rest as ``RecipientsFile``."""

    def __init__(
        self, path: Path, names: Mapping[str, str], tool: str, *, skip_undecodable: bool = False
    ) -> None:
        super().__init__(path, names, skip_undecodable=skip_undecodable)
        self._tool = TOOLS[tool]

    def leads(self) -> Iterator[tuple[int, Lead | RejectedLine]]:
        """Raises ``RecipientsFileError``, for an unreadable line when it is reached."""
        for line, found in self.lines():
            yield line, _lead(line, found, self._tool) if isinstance(found, Person) else found


def _lead(line: int, person: Person, tool: Tool) -> Lead | RejectedLine:
    told = {_plain(name): value.strip() for name, value in person.variables.items()}
    word = _first(told, tool.status)
    ended = _ended(told, tool)
    meaning = tool.says.get(_plain(word))
    if ended is None and _plain(word) not in tool.says:
        told_of_it = "is none by which it is known whether to go on; change it there, or here"
        return RejectedLine(line, "status", told_of_it if word else "is missing", word)
    silent = not told.keys() & {*tool.step, *tool.sender, *tool.sent_at}
    return Lead(
        _known(person, told),
        ended,
        meaning if isinstance(meaning, bool) else (silent or None),
        _first(told, tool.step),
        _first(told, tool.sender),
        _first(told, tool.sent_at),
        tool.numbered,
    )


def _ended(told: Mapping[str, str], tool: Tool) -> Signal | None:
    found = {
        *(ended for name, ended in tool.marks.items() if _says_so(told.get(name, ""))),
        *(words.get(_plain(told.get(name, ""))) for name, words in tool.also.items()),
        tool.says.get(_plain(_first(told, tool.status))),
    }
    return next((each for each in GRAVEST if each in found), None)


def _says_so(value: str) -> bool:
    return value.lower().removesuffix(".0") not in NOTHING


def _known(person: Person, told: Mapping[str, str]) -> Person:
    """With the name, and with the variables that stand in one column as JSON."""
    name = " ".join(filter(None, (told.get("firstname"), told.get("lastname"))))
    try:
        more = json.loads(told.get("customfields") or "{}")
    except (ValueError, RecursionError):
        more = {}
    flat = more.items() if isinstance(more, dict) else ()
    own = {one_line(key).lower(): one_line(str(value), 10_000) for key, value in flat}
    return person._replace(
        name=person.name or one_line(name), variables={**own, **person.variables}
    )


def _first(told: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((told[name] for name in names if told.get(name)), "")


def _plain(name: str) -> str:
    """In lower case, without blanks and signs; a number keeps its minus."""
    sign = "-" if name.startswith("-") and name[1:].isdecimal() else ""
    return sign + "".join(filter(str.isalnum, name.lower()))
