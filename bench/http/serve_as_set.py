"""``python -m bench.http.serve_as_set URL WORKSPACE``: the server as ``serve --http`` has it.

It prints its port first, and serves until its standard input ends.
"""

import sys

from adapters.composition.programs import running
from adapters.composition.serving_http import http_served
from adapters.observing.logs import configure_logs
from adapters.settings.loading import load_settings
from adapters.settings.model import LogLevel


def main(url: str, workspace: str) -> None:
    settings = load_settings(
        store=url, workspace=workspace, http="127.0.0.1:0", log_level=LogLevel.ERROR
    )
    configure_logs(settings)
    with running(settings) as program, http_served(program) as port:
        print(port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
