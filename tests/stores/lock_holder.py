"""Another process that holds the lock of a name until it is killed.

``python -m tests.stores.lock_holder STORE NAME``; prints ``held`` once it is.
"""

import sys

from adapters.settings.loading import load_settings
from adapters.stores.opening import open_store


def main(store: str, name: str) -> None:
    opened = open_store(load_settings(store=store))
    with opened.coordination.exclusively(name, 10):
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
