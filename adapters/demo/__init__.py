"""The demo: a story told by real work on a real store, with time sped up (``sendledger demo``)."""
