"""The keyboard of the command line's tests, in front of either store."""

from tests.cli.conftest import keyboard

__all__ = ["keyboard"]
