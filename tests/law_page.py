"""The page that shows how the law is kept: each rule with its guard, its tests and its scenarios.

``python -m tests.law_page`` writes ``docs/law.md`` anew. Everything on it is found by reading
source: the rule numbers in docstrings and comments of the rooms that enforce the law, the ``rule``
markers of the tests, and the header comments of the scenarios.
"""

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "law.md"
ENFORCING = ("aggregates", "processors", "engine")

RULES = {
    "C1": "A check goes through name, TCP, TLS, login, IMAP and SMTP; all must pass.",
    "C2": "What fails an account at once, after three misses, or never.",
    "C3": "The classes of failure; what is not recognised is `unknown`.",
    "C4": "A further failure while failed is recorded and moves no deadline.",
    "C5": "Any full successful check cures; a later failure is a new incident.",
    "C6": "A check asked for by the deadline, ended within 60 s, counts as of its request.",
    "R1": "One-Click Reconnect keeps every setting and every sender.",
    "R2": "It counts only once verified; refused, the old clock runs on.",
    "R3": "Whoever received an email stays with the account.",
    "T1": "A disconnect puts the settings back to defaults; what was sent is kept.",
    "T2": "A disconnect empties FROM EMAIL of the account and starts the hour.",
    "T3": "Single-sender campaigns use whoever is in the slot; rotation campaigns do not.",
    "T4": "Reconnected and re-added within the hour, the account keeps its recipients.",
    "T5": "Re-added later, it takes only who heard from nobody.",
    "P1": "Trouble of a listed account pauses the campaign, or holds the sender.",
    "P2": "Causes are a set; only the user resumes.",
    "P3": "What refuses a start or a resume, and how to go on knowingly.",
    "P4": "Clocks run whether or not the campaign is paused.",
    "S1": "Which clocks start, and where.",
    "S2": "Nine days, or sixty minutes; the deadline itself is in time.",
    "S3": "At the end: the account leaves, its recipients stop, the others are released.",
    "S4": "A stop is for good, in this campaign.",
    "S5": "Terminal recipients are spared and counted.",
    "S6": "One outcome per incident and campaign.",
    "S7": "Lateness changes nothing.",
    "S8": "Nothing is sent to a stopped recipient; what was in flight is recorded as it is.",
    "S9": "Two accounts in trouble have independent clocks.",
    "S10": "Removing a connected account starts no clock and stops none.",
    "N1": "Every incident tells the owner, several times, once per moment.",
    "N2": "Never only through the failing mailbox; each attempt is an event.",
    "N3": "A cure ends the reminders, with one word that all is well.",
    "M1": "A recipient hears from one account only.",
    "M2": "Reserved, submitted, recorded; what is unknown is never retried blindly.",
    "M3": "Speed limits, windows and time zones hold at all times.",
    "M4": "No follow-up before the inbox was read up to the reconnection.",
    "M5": "Replies, bounces, automatic answers and unsubscribes end or hold a recipient.",
    "M7": "Whoever is suppressed is never written to again.",
    "F0": "An expiry and its stops are facts of the campaign, appended together.",
    "F1": "A fact is never changed, and names no secret and no person.",
    "F2": "Every fact says when, when recorded, by whom and by what.",
    "F3": "What support is asked is answered from the events.",
}
LATER = {
    "M3": "pacing comes with the sending worker; so far emails are told to the engine, not sent",
    "M4": "reading the inbox comes with the sending worker, as does the order of both",
}
"""In a later issue, and why."""

_NUMBER = r"\b([CRTPSNMF])(\d{1,2})"
_MENTION = re.compile(rf"{_NUMBER}(?:\s*-\s*\1?(\d{{1,2}}))?\b")


class Marked(NamedTuple):
    path: Path
    name: str
    line: int


def mentioned(text: str) -> Iterator[str]:
    """The rules that a text names; ``S1-S3`` names three."""
    for section, first, last in _MENTION.findall(text):
        for number in range(int(first), int(last or first) + 1):
            if f"{section}{number}" in RULES:
                yield f"{section}{number}"


def guards() -> dict[str, list[str]]:
    """Rule to the places that enforce it, as links."""
    found: dict[str, list[str]] = defaultdict(list)
    for room in ENFORCING:
        for path in sorted((ROOT / room).rglob("*.py")):
            for rule, names in _places(path).items():
                found[rule] += [_link(path, name) for name in names]
    return dict(found)


def _places(path: Path) -> dict[str, list[str]]:
    """Rule to the functions of this module that name it, or the module if only it does."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for name, text in _spoken(path):
        for rule in mentioned(text):
            found[rule][name] = None
    return {
        rule: [name for name in names if ":" in name] or list(names)
        for rule, names in found.items()
    }


def marked_tests() -> dict[str, list[Marked]]:
    """Rule to the tests that carry its marker."""
    found: dict[str, list[Marked]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for rule in _marked(node):
                    found[rule].append(Marked(path, node.name, node.lineno))
    return dict(found)


def scenarios() -> dict[str, list[str]]:
    """Rule to the scenarios whose header comment names it, as links."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "examples" / "scenarios").glob("*.yaml")):
        lines = path.read_text(encoding="utf-8").splitlines()
        header = "\n".join(line for line in lines if line.startswith("#"))
        for rule in dict.fromkeys(mentioned(header)):
            found[rule].append(_link(path, path.stem))
    return dict(found)


def page() -> str:
    """The whole page."""
    enforced, tested, shown = guards(), marked_tests(), scenarios()
    rows = [
        f"| **{rule}** | {summary} | {_cell(enforced.get(rule, []))} "
        f"| {_tests_of(tested.get(rule, []))} | {_cell(shown.get(rule, []))} |"
        for rule, summary in RULES.items()
        if rule not in LATER
    ]
    later = [f"- **{rule}** {RULES[rule]} Not yet: {reason}." for rule, reason in LATER.items()]
    return "\n".join([*_HEAD, *rows, "", "## In a later issue", "", *later, ""])


_HEAD = [
    "# How the law is kept",
    "",
    "Each rule of the law, where it is enforced, the tests that hold the program to it and the",
    "scenarios that show it. Written by `python -m tests.law_page`; a test fails when a rule has",
    "no guard or no test, or when this page is out of date.",
    "",
    "| Rule | In short | Guard | Tests | Scenarios |",
    "|---|---|---|---|---|",
]


def _spoken(path: Path) -> Iterator[tuple[str, str]]:
    """Docstrings and comments of a module, each with the function or class it belongs to."""
    text = path.read_text(encoding="utf-8")
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    tree = ast.parse(text)
    places = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]

    def owner(line: int) -> str:
        inside = [node for node in places if node.lineno <= line <= (node.end_lineno or line)]
        innermost = max(inside, key=lambda node: node.lineno, default=None)
        return f"{module}:{innermost.name}" if innermost else module

    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield owner(node.lineno), str(node.value.value)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield owner(token.start[0]), token.string


def _marked(node: ast.FunctionDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.rule":
            yield from (ast.literal_eval(argument) for argument in decorator.args)


def _link(path: Path, text: str) -> str:
    return f"[{text}](../{path.relative_to(ROOT).as_posix()})"


def _tests_of(found: Iterable[Marked]) -> str:
    """Tests by module; their names are sentences, so a page of them would be a book."""
    by_module: dict[Path, int] = defaultdict(int)
    for test in found:
        by_module[test.path] += 1
    return _cell(
        f"{_link(path, path.stem)} ({number})" for path, number in sorted(by_module.items())
    )


def _cell(links: Iterable[str]) -> str:
    return "<br>".join(links)


def main() -> None:
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
