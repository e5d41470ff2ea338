"""Small tables beside a store's log, each written once for every product."""
