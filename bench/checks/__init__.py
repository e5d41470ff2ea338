"""What background checks cost, and whom a server that hangs holds back."""
