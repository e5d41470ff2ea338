"""What a template may contain: text, variables, a few filters and conditions. Nothing repeats.

A template comes from a customer, and runs in our process. Jinja2's sandbox protects our objects,
but not our time and memory: it permits ``'a' * 10**9`` and nested loops. So each construct is
permitted by name, and a permitted one produces at most the sum of its input, or is limited to
``LONGEST_VALUE``. Without loops, assignments, macros, arithmetic and calls, the work is then
bounded by the number of nodes.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from unicodedata import normalize
from urllib.parse import quote

from jinja2 import Undefined, nodes
from jinja2.filters import do_title

LONGEST_VALUE = 10_000
"""Characters in a variable, and in what a filter takes or produces."""
TOO_MUCH = "too much in one template, or too deep; make it simpler"
MOST_NODES = 1_000
DEEPEST = 30
"""How deep conditions, filters and brackets may be nested."""


class NotAllowed(Exception):
    """The template uses something that is not permitted. ``problem`` ends a sentence."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


class ValueTooLong(Exception):
    pass


def variable_name(column: str) -> str:
    """The name by which templates refer to a column: in lower case, one word.

    ``First Name`` is ``first_name``. The name is in the form to which Python normalises
    identifiers; otherwise two names could be the same one in compiled code.
    """
    plain = normalize("NFKC", column).lower()
    return plain if plain.isidentifier() else re.sub(r"\W+|^(?=\d)", "_", plain.strip())


def _held(change: Callable[[str], str]) -> Callable[[object], str]:
    def held(value: object) -> str:
        return _short(change(_short(str(value))))

    return held


def _short(text: str) -> str:
    if len(text) > LONGEST_VALUE:
        raise ValueTooLong
    return text


def _default(value: object, other: object, _: object = None) -> object:
    """The value, or the other one if it is empty: every line of a CSV file has every column."""
    return other if isinstance(value, Undefined) or value == "" else value


FILTERS: Mapping[str, Callable[..., object]] = {
    "default": _default,
    "d": _default,
    "upper": _held(str.upper),
    "lower": _held(str.lower),
    "capitalize": _held(str.capitalize),
    "title": _held(do_title),
    "trim": _held(str.strip),
    "urlencode": _held(lambda text: quote(text, safe="", errors="replace")),
}
_PLAIN = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
    nodes.Concat,
)
_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.For: "a loop",
    nodes.Assign: "an assignment",
    nodes.Call: "a call",
    nodes.Getattr: "a dot between names",
    nodes.Getitem: "a name with brackets",
    nodes.Add: "+ (join texts with ~)",
}
ALLOWED = "use variables, the filters {}, ~, ==, !=, and, or, not, is defined, and if".format(
    ", ".join(FILTERS)
)


def allow(tree: nodes.Template) -> None:
    """Check the template and rename its variables as columns are named. Raises ``NotAllowed``.

    The walk is not recursive, since a tree may be as deep as its text is long.
    """
    seen = 0
    left: list[tuple[nodes.Node, int, int]] = [(tree, 0, 1)]
    while left:
        node, depth, line = left.pop()
        line = node.lineno or line
        seen += 1
        problem = TOO_MUCH if seen > MOST_NODES or depth > DEEPEST else _problem(node)
        if problem:
            raise NotAllowed(line, problem)
        if isinstance(node, nodes.Name):
            node.name = variable_name(node.name)
        left += [(each, depth + 1, line) for each in node.iter_child_nodes()]


def _problem(node: nodes.Node) -> str | None:
    check = _CHECKS.get(type(node))
    if check is not None:
        return check(node)
    word = _WORDS.get(type(node), type(node).__name__.lower())
    return f"{word} is not allowed; {ALLOWED}"


def _of_name(node: nodes.Name) -> str | None:
    """The problem with a name, if any, after normalisation: ``\u017felf`` is ``self``."""
    is_good = node.ctx == "load" and variable_name(node.name) not in {"self", "super"}
    return None if is_good else f"{node.name} cannot be a variable here"


def _of_const(node: nodes.Const) -> str | None:
    if not isinstance(node.value, str | bool):
        return f"{node.value!s:.20} is no text; write it in quotes"
    if len(str(node.value)) > LONGEST_VALUE:
        return f"a text in quotes is longer than {LONGEST_VALUE} characters"
    return None


def _of_filter(node: nodes.Filter) -> str | None:
    if node.name not in FILTERS or node.node is None:
        return f"the filter {node.name} is not allowed; {ALLOWED}"
    odd = node.kwargs or node.dyn_args or node.dyn_kwargs
    if FILTERS[node.name] is not _default:
        return f"the filter {node.name} takes nothing in brackets" if odd or node.args else None
    is_good = 1 <= len(node.args) <= 2 and not odd
    return None if is_good else "default takes one value: default('friend')"


def _of_test(node: nodes.Test) -> str | None:
    is_good = node.name in {"defined", "undefined"} and not node.args
    return None if is_good else f"the test {node.name} is not allowed; there is: is defined"


def _of_operand(node: nodes.Operand) -> str | None:
    return None if node.op in {"eq", "ne"} else "only == and != compare"


def _of_choice(node: nodes.CondExpr) -> str | None:
    return None if node.expr2 else "an if within a value needs an else"


def _good(_: nodes.Node) -> None:
    return None


_CHECKS: Mapping[type[nodes.Node], Callable[[Any], str | None]] = {
    **dict.fromkeys(_PLAIN, _good),
    nodes.Name: _of_name,
    nodes.Const: _of_const,
    nodes.Filter: _of_filter,
    nodes.Test: _of_test,
    nodes.Operand: _of_operand,
    nodes.CondExpr: _of_choice,
}
