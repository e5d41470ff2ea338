"""For language models: the API's own answers as read-only tools, over stdio and at ``/mcp``."""
