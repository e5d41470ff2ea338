"""``python -m bench.http.serve URL``: a store's HTTP server, whose port is printed first.

It serves until its standard input ends.
"""

import sys

from adapters.composition.programs import running
from adapters.http.site import Site
from adapters.observing.logs import configure_logs
from adapters.settings.model import EngineSettings, LogLevel
from tests.http.feed.places import serving


def main(url: str) -> None:
    settings = EngineSettings(store=url, log_level=LogLevel.WARNING)
    configure_logs(settings)
    with running(settings) as program, serving(program, most=1_000, site=Site) as port:
        print(port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
