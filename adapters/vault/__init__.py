"""The vault: passwords and tokens of mailboxes, encrypted with keys that are not in the store."""
