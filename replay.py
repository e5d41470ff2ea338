"""The auditor's door."""
