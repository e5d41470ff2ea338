"""The same door and history as the API's tests, on both products."""

from tests.http.api.conftest import product, settings

__all__ = ["product", "settings"]
