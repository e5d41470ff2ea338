"""The world: stores, scheduler, mail, command line. Nothing outside this room does any I/O."""
