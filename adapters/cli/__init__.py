"""The command line: ``sendledger``. It opens the store itself, for the length of one command."""
