"""Settings of the API and the console."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from adapters.settings.oauth_client import HOST_AND_PORT
from engine.work.permissions import Role


class HttpSettings(BaseModel, defer_build=True):
    http: Annotated[str, Field(pattern=HOST_AND_PORT)] | None = None
    """``host:port`` of the API and the console; without one there is no such door."""
    http_tls_cert: Path | None = None
    """The certificate, in PEM, with which HTTP is served by TLS."""
    http_tls_key: Path | None = None
    http_without_tls: bool = False
    """Serve HTTP in the clear to other machines too: where something before it ends TLS."""
    oidc_issuer: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] | None = None
    """The provider at which staff sign in; without one there are local accounts alone."""
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_claim: str = "groups"
    """The claim whose values say what somebody may do."""
    oidc_roles: dict[str, Role] = Field(default_factory=dict)
    """Value of the claim to role; the first that fits counts."""
