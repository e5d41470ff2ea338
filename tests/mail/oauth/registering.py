"""Settings by which a program finds the sandbox's provider and its mail servers."""

import json
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from adapters.composition.vaults import new_vault_key
from adapters.mail.sandbox.world import Served

ANN = "ann@sandbox.test"
BOB = "bob@sandbox.test"
LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


def registered(served: Served, folder: Path, store: str | None = None) -> dict[str, Any]:
    key = folder / "vault.key"
    if not key.exists():
        new_vault_key(key)
    oauth = served["oauth"]
    client = {
        "client_id": oauth["client_id"],
        "authorization_endpoint": oauth["authorization_endpoint"],
        "token_endpoint": oauth["token_endpoint"],
        "jwks_uri": oauth["jwks_uri"],
        "issuer": oauth["issuer"],
        "imap": f"localhost:{served['imaps']}",
        "smtp": f"localhost:{served['smtps']}",
        "ca_file": served["ca_file"],
    }
    return {
        "store": store or str(folder / "store.db"),
        "vault_key_file": key,
        "allowed_networks": LOOPBACK,
        "mail_ca_file": served["ca_file"],
        "google": client,
        "google_client_secret": oauth["client_secret"],
        "microsoft": client,
        "microsoft_client_secret": oauth["client_secret"],
    }


def variables(given: dict[str, Any]) -> dict[str, str]:
    """The same settings as a process of its own finds them in its environment."""
    return {f"SENDLEDGER_{name.upper()}": _text(value) for name, value in given.items()}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, Path) else json.dumps(value, default=str)
