"""What is wrong with a setting."""


class SettingsError(Exception):
    """A setting cannot be used; the text names the setting, what is expected, and the value."""
