"""What is told to other programs: its contract, held by other people's programs."""
