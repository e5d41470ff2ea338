"""One contract for every store and its views, and what is particular to each store."""
