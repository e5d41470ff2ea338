"""The demo and what it brought along: the outbox, the courier, the directory, the CSV reader."""
