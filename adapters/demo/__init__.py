"""The demo: a story told by a real worker, over mail servers of its own (``sendledger demo``)."""
