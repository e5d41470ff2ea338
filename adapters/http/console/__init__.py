"""The people's door: pages over the same questions and commands as the API."""
