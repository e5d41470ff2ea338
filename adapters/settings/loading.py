"""Settings read: a variable ``SENDLEDGER_<NAME>`` goes before the file.

A complaint names the setting, what is expected, and what was found, but no secret.
"""

import os
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from adapters.settings.errors import SettingsError
from adapters.settings.file import PREFIX, SECRETS, TEST_PREFIX, settings_file
from adapters.settings.model import EngineSettings
from adapters.settings.oauth_client import OAuthClient
from adapters.settings.store_url import without_password

OF_PROVIDERS = ("google", "microsoft")
"""Somebody may have put the secret among the rest."""
UNTOLD = (*SECRETS, "notice_relay", "kafka", "kafka_token_url")
"""Values that no complaint repeats; somebody may have written a password before the host."""


def load_settings(**given: Any) -> EngineSettings:
    """The settings; what is ``given`` here goes before all. Raises ``SettingsError``."""
    chosen = {name: value for name, value in given.items() if value is not None}
    _refuse_unknown_variables()
    try:
        return EngineSettings(**chosen)
    except ValidationError as error:
        raise SettingsError("\n".join(_complaint(each) for each in error.errors())) from error
    except ValueError as error:
        raise SettingsError(f"{settings_file()} cannot be read: {error}") from error


def _refuse_unknown_variables() -> None:
    """A misspelt variable would silently leave the default in force."""
    known = {f"{PREFIX}{name.upper()}" for name in ("settings", *EngineSettings.model_fields)}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known and not name.startswith(TEST_PREFIX):
            raise SettingsError(f"{name} is no setting. Known are {', '.join(sorted(known))}.")


def _complaint(error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        fields = OAuthClient if error["loc"][0] in OF_PROVIDERS else EngineSettings
        known = ", ".join(fields.model_fields)
        return f"Setting {name}: there is none of that name. Known are {known}."
    message = error["msg"].removeprefix("Value error, ")
    if name in UNTOLD or error["loc"][0] in OF_PROVIDERS:
        return f"Setting {name}: {message}."
    return f"Setting {name}: {message}; found {_found(error['input'])}."


def _found(value: Any) -> str:
    if isinstance(value, str):
        return repr(without_password(value))
    return f"{value.total_seconds():g} seconds" if isinstance(value, timedelta) else repr(value)
