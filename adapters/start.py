"""The entry points of both programs.

What a command imports makes a hundred thousand objects that all live on; looking through them for
cycles again and again took a tenth of a short command's time.
"""

from importlib import import_module

from engine.gc_pause import collect_seldom


def sendledger() -> None:
    """``sendledger``."""
    collect_seldom()
    import_module("adapters.program").main()


def replay() -> None:
    """``sendledger-replay``."""
    collect_seldom()
    import_module("replay").main()
