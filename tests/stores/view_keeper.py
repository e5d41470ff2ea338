"""Another process that keeps the shipped views: ``python -m tests.stores.view_keeper URL``."""

import sys
import time
from contextlib import closing, suppress

from adapters.stores.postgres import PostgresStore, PostgresViews
from engine.ports.errors import StaleView
from engine.projecting import ProjectionRunner
from projections.shipped import SHIPPED


def main() -> None:
    with closing(PostgresStore(sys.argv[1])) as store:
        runner = ProjectionRunner(store, PostgresViews(store), SHIPPED)
        while True:
            with suppress(StaleView):
                runner.catch_up()
            time.sleep(0.005)


if __name__ == "__main__":
    main()
