"""The programs' door: what is asked and done over HTTP, described by ``/openapi.json``."""
