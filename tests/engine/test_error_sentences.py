"""Errors tell named facts: whoever raises one gives each, and no sentence says what to type."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from aggregates import rejections
from engine.ports import errors

ROOT = Path(__file__).parents[2]
ROOMS = ("events", "aggregates", "processors", "projections", "engine", "adapters/stores")
TREES = [
    ast.parse(file.read_text("utf-8")) for room in ROOMS for file in (ROOT / room).rglob("*.py")
]
NODES = [node for tree in TREES for node in ast.walk(tree)]


def sentences() -> Iterator[tuple[str, str]]:
    """Each class with a sentence of its own, and the sentence."""
    for node in NODES:
        match node:
            case ast.ClassDef(name=name, body=body):
                for line in body:
                    match line:
                        case ast.Assign(
                            targets=[ast.Name(id="sentence")], value=ast.Constant(value=str(text))
                        ):
                            yield name, text


def named_by(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


SENTENCES = dict(sentences())
CALLS = [
    (node.func.id, {word.arg for word in node.keywords} - {"facts"}, len(node.args))
    for node in NODES
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
]
OF_THEIR_OWN = {"CannotTake", "NotStoppedThere", "StoreError", "ViewStopped"}
"""Made of whole objects, or of a text."""


@pytest.mark.parametrize("name", sorted(SENTENCES.keys() - OF_THEIR_OWN))
def test_whoever_raises_an_error_gives_every_fact_that_its_sentence_names(name: str) -> None:
    raised = [(given, positional) for called, given, positional in CALLS if called == name]

    assert all(each == (named_by(SENTENCES[name]), 0) for each in raised), raised


def test_the_calls_were_found() -> None:
    assert len({called for called, _, _ in CALLS} & SENTENCES.keys()) > 35
    assert "SenderMissing" in SENTENCES


@pytest.mark.parametrize(("name", "text"), SENTENCES.items())
def test_no_sentence_numbers_its_facts_or_tells_what_to_type(name: str, text: str) -> None:
    assert all(each.isidentifier() for each in named_by(text)), name
    assert not [typed for typed in ("sendledger ", "--", "`") if typed in text], name


def test_the_trees_are_drawn_whole() -> None:
    for module, root in ((rejections, rejections.Rejected), (errors, errors.StoreError)):
        drawn = module.__doc__ or ""
        below = [each for each in vars(module).values() if isinstance(each, type)]
        missing = [each.__name__ for each in below if issubclass(each, root)]
        assert [name for name in missing if name not in drawn] == []


def test_an_error_keeps_the_facts_by_name() -> None:
    refused = rejections.SlotTaken(slot="inbox-1", account="ann@acme.test")

    assert str(refused) == "Slot inbox-1 holds ann@acme.test. Disconnect it or choose another slot."
    assert refused.about == {"slot": "inbox-1", "account": "ann@acme.test"}
