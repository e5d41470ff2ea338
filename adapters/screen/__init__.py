"""What doors for people share: options, exit codes, safe printing, tables.

All output goes through here.
"""
