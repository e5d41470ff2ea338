"""The demo: a story told by real work on a real store, with time sped up (``sendledger demo``)."""

from adapters.demo.run import run_demo

__all__ = ["run_demo"]
