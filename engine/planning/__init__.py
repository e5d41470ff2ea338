"""The next recipient, through which account, not before when, and why not now; pure (M3, M4,
M7)."""
