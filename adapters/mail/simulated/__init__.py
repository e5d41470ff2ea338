"""A mail provider in this process: its servers, and what becomes of messages there."""
