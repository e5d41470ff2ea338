"""The auditor's door: what it tells is what the log says, and nothing of the store changes."""
