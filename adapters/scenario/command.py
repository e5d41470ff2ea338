"""``sendledger simulate``."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Json
from adapters.screen.output import fail, print_json


def simulate(
    file: Annotated[Path, typer.Argument(help="The scenario, a YAML file.")],
    as_json: Json = False,
) -> None:
    """Tell a scenario to the engine in virtual time and show how it ends."""
    from adapters.scenario.reader import UnreadableScenario, read_scenario
    from adapters.scenario.report import report
    from adapters.scenario.runner import run_scenario

    try:
        scenario = read_scenario(file)
    except UnreadableScenario as error:
        fail(str(error), EXIT_UNREADABLE, code="unreadable_scenario")
    ending = run_scenario(scenario)
    if as_json:
        print_json(report(ending))
        return
    from adapters.scenario.story import tell

    tell(scenario, ending)
