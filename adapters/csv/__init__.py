"""Recipients as CSV files: read line by line, and the report of what was not taken."""
