"""The demo: a story played by a real worker, with mail servers of its own (``sendledger demo``)."""
