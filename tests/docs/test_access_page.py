"""The page on access says who may what, as the table of permissions has it."""

import re

import pytest

from engine.work.permissions import MAY, Act, Role
from tests.docs.test_docs import page


def cells(line: str) -> list[str]:
    return [cell.strip(" `") for cell in line.strip("|").split("|")]


def grid() -> dict[str, list[str]]:
    """Each act with the roles that the page lets do it."""
    _, head, table = page("access.md").partition("| Act | What it covers |")
    first, *rows = re.split(r"\n", (head + table).partition("\n\n")[0])
    _, _, *roles = cells(first)
    told = {}
    for act, _, *marks in map(cells, rows[1:]):
        told[act] = [role for role, mark in zip(roles, marks, strict=True) if mark == "yes"]
    return told


def test_the_page_names_every_act_once_and_in_order() -> None:
    assert [*grid()] == [*Act]


@pytest.mark.parametrize("act", Act)
def test_the_page_lets_the_same_roles_do_it(act: Act) -> None:
    assert grid()[act] == [role for role in Role if act in MAY[role]]
