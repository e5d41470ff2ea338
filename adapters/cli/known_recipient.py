"""Finds the recipient that an id or an address means."""

from typing import TYPE_CHECKING

from adapters.cli.common import Here
from adapters.screen.output import unknown

if TYPE_CHECKING:
    from engine.answers.workspace_answers import Answers

NEAREST_OF = 2_000
"""Ids among which similar ones are looked for."""


def known(here: Here, answers: "Answers", name: str) -> str:
    """The id of the recipient with that id or address; ends the program if there is none."""
    from itertools import islice

    from engine.work.addresses import normalised

    if "@" in name:
        found = here.directory.recipient_at(here.workspace, normalised(name))
        return found or unknown("recipient", normalised(name), [])
    in_directory = here.directory.person(here.workspace, name) is not None
    forgotten = here.directory.forgotten_at(here.workspace, name) is not None
    if in_directory or forgotten or answers.everywhere(name):
        return name
    alike = (
        each.recipient_id
        for campaign in answers.campaigns
        for each in answers.recipients(campaign)
        if each.recipient_id[:1] == name[:1]
    )
    return unknown("recipient", name, [*dict.fromkeys(islice(alike, NEAREST_OF))])
