"""The embedded store on a drive in memory, whose power fails, which is full, and which errs."""
