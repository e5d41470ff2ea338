"""The settings of our registration with an OAuth provider; its secret is none of them."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

HOST_AND_PORT = r"^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$"
Https = Annotated[str, Field(pattern=r"^https://[^\s?#]+$")]


class OAuthClient(BaseModel):
    """Our registration with a provider. What is not given is as the provider itself has it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    client_id: Annotated[str, Field(min_length=1, max_length=500)]
    authorization_endpoint: Https | None = None
    token_endpoint: Https | None = None
    jwks_uri: Https | None = None
    issuer: Https | None = None
    imap: Annotated[str, Field(pattern=HOST_AND_PORT)] | None = None
    smtp: Annotated[str, Field(pattern=HOST_AND_PORT)] | None = None
    """With TLS from the beginning; the provider's own server may use STARTTLS."""
    ca_file: Path | None = None
    """Certificates, in PEM, that the provider's must lead to; without it, those of the system."""
