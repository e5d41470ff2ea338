"""Reads a YAML or JSON file, or refuses it whole with file, line and what was expected."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

MAX_DEPTH = 20
NULL = "tag:yaml.org,2002:null"
T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)


class UnreadableYaml(Exception):
    """The file cannot be read; nothing was done with it."""

    def __init__(self, source: str, line: int, expected: str) -> None:
        super().__init__(f"{source}:{line}: {expected}")
        self.source, self.line, self.expected = source, line, expected


class Node(NamedTuple):
    """A piece of the file, where it stands, and where its key does."""

    value: Any
    line: int
    key_line: int = 0


class YamlReader:
    """Scalars stay text: what they mean is for whoever asks."""

    unreadable: ClassVar[type[UnreadableYaml]] = UnreadableYaml

    def __init__(self, source: str) -> None:
        self._source = source

    @classmethod
    def text_of(cls, path: Path, most: int) -> str:
        """The file's text, of so many octets at most."""
        try:
            with path.open("rb") as file:
                octets = file.read(most + 1)
            if len(octets) > most:
                raise cls.unreadable(str(path), 1, f"expected at most {most:,} bytes")
            return octets.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise cls.unreadable(str(path), 1, f"expected UTF-8 text: {error}") from error
        except OSError as error:
            raise cls.unreadable(str(path), 1, f"expected a file: {error.strerror}") from error

    def _parse(self, text: str, about: str) -> Node:
        """``about``: what is in the file, after "expected"."""
        if text.lstrip().startswith("{"):
            text = text.replace("\t", " ")  # JSON may be indented by tabs, YAML may not
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise self._error(line, f"expected YAML: {error.problem}") from error
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise self._error(line, f"expected YAML: {error.reason}") from error
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            raise self._error(1, f"expected YAML: {error}") from error
        if root is None:
            raise self._error(1, f"expected {about}, found an empty file")
        self._budget = 10_000 + 10 * len(text)
        return self._plain(root, 0)

    def _plain(self, node: yaml.Node, depth: int, key_line: int = 0) -> Node:
        line = node.start_mark.line + 1
        self._budget -= 1
        if depth > MAX_DEPTH or self._budget < 0:
            raise self._error(line, "expected no nesting this deep, and no repetition this large")
        match node:
            case yaml.ScalarNode():
                return Node(self._scalar(node, line), line, key_line)
            case yaml.SequenceNode():
                values = [self._plain(each, depth + 1) for each in node.value]
                return Node(values, line, key_line)
            case yaml.MappingNode():
                return Node(self._entries(node, depth + 1), line, key_line)
            case _:
                raise self._error(line, "expected a text, a list or a mapping")

    def _scalar(self, node: yaml.ScalarNode, line: int) -> str:
        """JSON may write one character as two halves."""
        text: str = node.value
        if text.isascii() or not any("\ud800" <= each <= "\udfff" for each in text):
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError as error:
            raise self._error(line, "expected text, found half a character") from error

    def _entries(self, node: yaml.MappingNode, depth: int) -> dict[str, Node]:
        """A key whose value is null is as good as absent."""
        entries: dict[str, Node] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(line, "expected a name as key")
            name = self._scalar(key, line)
            if name in entries:
                raise self._error(line, f"expected {name!r} once, found it twice")
            if value.tag != NULL:
                entries[name] = self._plain(value, depth, line)
        return entries

    def _model(self, kind: type[Model], node: Node, within: str = "") -> Model:
        """The node as that model has it. ``within`` stands before the place of what is wrong."""
        try:
            return kind.model_validate(bare(node))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            line = _line_of(node, first["loc"])
            found = "" if first["type"] == "missing" else f", found {_short(first['input'])}"
            raise self._error(line, f"{within}{place}: {first['msg']}{found}") from error

    def _mapping(self, node: Node, expected: str) -> dict[str, Node]:
        if not isinstance(node.value, dict):
            raise self._error(node.line, f"expected {expected}")
        return node.value

    def _only(self, given: Mapping[str, Node], known: set[str]) -> None:
        for name, node in given.items():
            if name not in known:
                expected = ", ".join(sorted(known))
                raise self._error(node.key_line, f"expected {expected}; found {name!r}")

    def _required(self, given: Mapping[str, Node], name: str, line: int) -> Node:
        if name not in given:
            raise self._error(line, f"expected `{name}`")
        return given[name]

    def _told(self, parse: Callable[[str], T], node: Node | None, default: T | None = None) -> T:
        """What the text means, or the default where nothing is told."""
        if node is None and default is not None:
            return default
        assert node is not None
        if not isinstance(node.value, str):
            raise self._error(node.line, "expected a text")
        try:
            return parse(node.value)
        except ValueError as error:
            raise self._error(node.line, str(error)) from error

    def _error(self, line: int, expected: str) -> UnreadableYaml:
        return self.unreadable(self._source, line, expected)


def bare(node: Node) -> Any:
    match node.value:
        case dict():
            return {key: bare(each) for key, each in node.value.items()}
        case list():
            return [bare(each) for each in node.value]
        case _:
            return node.value


def _short(found: object) -> str:
    told = repr(found)
    return told if len(told) <= 200 else f"{told[:200]}…"


def _line_of(node: Node, place: tuple[int | str, ...]) -> int:
    for part in place:
        inner = node.value
        try:
            node = inner[part]
        except (KeyError, IndexError, TypeError):
            break
    return node.line
