"""What may be done over HTTP: one table of operations, and one way of carrying out each of them."""
