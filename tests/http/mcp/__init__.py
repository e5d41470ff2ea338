"""The tools for language models, called by the library's own client."""
