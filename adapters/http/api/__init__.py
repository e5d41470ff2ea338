"""The API for programs: what can be asked and done over HTTP, described by ``/openapi.json``."""
