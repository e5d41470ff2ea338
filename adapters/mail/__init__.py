"""Mail: messages that leave and arrive, and the servers behind them."""
