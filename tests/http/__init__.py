"""Doors over HTTP, with a real provider and real mail servers behind them."""
