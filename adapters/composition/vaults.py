"""The vault of an opened store, and its keys, by the settings."""

from pathlib import Path
from typing import TYPE_CHECKING

from adapters.settings.model import EngineSettings
from adapters.stores.opening import Opened
from adapters.stores.small_tables.sealed_rows import StoredSealedRows
from engine.work.secret import Secret
from engine.work.vault import Vault

if TYPE_CHECKING:
    from adapters.vault.keys import KeySource
    from adapters.vault.rotation import Findings, Rotated


def vault_keys(settings: EngineSettings) -> "KeySource":
    """Of the file or the variable; what is wrong with them is raised when they are asked for."""
    from adapters.vault.key_file import key_source

    given = settings.vault_key
    return key_source(settings.vault_key_file, Secret(given.get_secret_value()) if given else None)


def new_vault_key(file: Path) -> str:
    """Makes the file; answers the key's id. Raises ``VaultError``."""
    from adapters.vault.key_file import make_key_file

    return make_key_file(file).id


def vault_over(opened: Opened, settings: EngineSettings) -> Vault:
    """The secrets kept beside the store. Needs no key before one is asked for."""
    from adapters.vault.vault import SealedVault

    return SealedVault(StoredSealedRows(opened.beside), vault_keys(settings))


def check_vault(opened: Opened, settings: EngineSettings) -> "Findings":
    """Raises ``VaultError`` when there is no key to check with."""
    from adapters.vault.rotation import check

    return check(StoredSealedRows(opened.beside), vault_keys(settings))


def rotate_vault(
    opened: Opened, settings: EngineSettings, *, drop_damaged: bool = False
) -> "Rotated":
    """The keys of the file are changed too; those of a variable are their keeper's to change."""
    from adapters.vault.rotation import rotate_file, rotate_given

    rows, keys = StoredSealedRows(opened.beside), vault_keys(settings)
    if settings.vault_key_file is None or settings.vault_key is not None:
        return rotate_given(rows, keys, drop_damaged=drop_damaged)
    return rotate_file(rows, settings.vault_key_file, drop_damaged=drop_damaged)
