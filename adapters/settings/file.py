"""The settings' file: ``sendledger.toml`` in the working folder, or what a variable names."""

import os
from pathlib import Path
from typing import Any

from pydantic_settings import TomlConfigSettingsSource

from adapters.settings.errors import SettingsError

DEFAULT_FILE = Path("sendledger.toml")
PREFIX = "SENDLEDGER_"
TEST_PREFIX = "SENDLEDGER_TEST_"
"""Left to the test suites."""

SECRETS = (
    *("vault_key", "notice_relay_password", "kafka_password"),
    *("google_client_secret", "microsoft_client_secret"),
)
"""Only in the environment: a file of settings is read and kept by too many."""


class SettingsFile(TomlConfigSettingsSource):
    def __call__(self) -> dict[str, Any]:
        found = super().__call__()
        for name in SECRETS:
            if name in found:
                raise SettingsError(
                    f"Setting {name}: a secret does not belong into {settings_file()}; give it as "
                    f"the variable {PREFIX}{name.upper()}."
                )
        return found


def settings_file() -> Path:
    named = os.environ.get(f"{PREFIX}SETTINGS")
    if named is None:
        return DEFAULT_FILE
    if not Path(named).is_file():
        raise SettingsError(f"{PREFIX}SETTINGS names {named}, which is no file.")
    return Path(named)
