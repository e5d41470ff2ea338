"""Mail: messages as they leave and arrive, and the servers behind them."""
