"""Serves a store, the name of which it is given, until it is told to end: another process."""

import sys

from adapters.settings.loading import load_settings
from tests.http.commands.callers import door
from tests.workplace import ACME

if __name__ == "__main__":
    with door(load_settings(store=sys.argv[1], workspace=ACME, http="127.0.0.1:0")) as found:
        sys.stdout.write(f"serving {found.port}\n")
        sys.stdout.flush()
        sys.stdin.readline()
