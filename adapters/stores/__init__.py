"""Where the log and the views are kept: a room per product, what they share, and opening one."""
