"""The command line: ``sendledger``. Each command opens the store itself, for as long as it runs."""
