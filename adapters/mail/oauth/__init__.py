"""Google and Microsoft 365 by OAuth 2: consent, tokens, and whose mailbox was consented to."""
