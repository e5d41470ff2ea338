"""What may be done over HTTP: one table of operations, and one way in which each is carried out."""
