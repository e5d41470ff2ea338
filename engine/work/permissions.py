"""Permissions: one table of roles and acts, for every interface that knows its callers."""

from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from events.errors import ExplainedError


class Role(StrEnum):
    """The role of a token or of a member of staff."""

    VIEWER = "viewer"
    SUPPORT = "support"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    CONSUMER = "consumer"
    ADMIN = "admin"


class Act(StrEnum):
    """What a caller can do, only as finely divided as the roles need."""

    READ = "read"
    """State, clocks, notices, incidents, status of views: without names and addresses."""
    READ_CASE = "read_case"
    """A person's case and its proof; each look is recorded."""
    READ_PERSONS = "read_persons"
    """Unmasked names and addresses."""
    READ_LOG = "read_log"
    """Events, their proofs, state at a moment, differences, what-if, checks, exports of the log."""
    FOLLOW = "follow"
    """The feed."""
    REPAIR = "repair"
    """Test and reconnect an account, re-add it to campaigns, resume the campaigns it paused."""
    RUN = "run"
    """Connect, disconnect and configure accounts; create, fill, start and pause campaigns."""
    SUPPRESS = "suppress"
    FORGET = "forget"
    OPERATE = "operate"
    """Retry or skip a view's event, have a parked workspace settled again, manage webhooks."""
    READ_LOOKS = "read_looks"
    """The record of who looked at which case."""
    MANAGE_ACCESS = "manage_access"
    """Tokens and staff."""


MAY = MappingProxyType(
    {
        Role.VIEWER: frozenset({Act.READ}),
        Role.SUPPORT: frozenset(
            {Act.READ, Act.READ_CASE, Act.READ_PERSONS, Act.READ_LOG, Act.REPAIR, Act.SUPPRESS}
        ),
        Role.OPERATOR: frozenset(Act) - {Act.READ_LOOKS, Act.MANAGE_ACCESS},
        Role.AUDITOR: frozenset(
            {Act.READ, Act.READ_CASE, Act.READ_LOG, Act.FOLLOW, Act.READ_LOOKS}
        ),
        Role.CONSUMER: frozenset({Act.FOLLOW}),
        Role.ADMIN: frozenset(Act),
    }
)
"""What each role may do. An auditor sees cases with the ids of persons, never their names."""


class AccessError(ExplainedError):
    """An error that concerns permissions."""


class Forbidden(AccessError):
    sentence = "The role {role} may not do this ({act})."


class NoSuchWorkspace(AccessError):
    """Also raised for an existing workspace, if the caller has no access to it."""

    sentence = "There is no workspace {workspace}."


class Caller(NamedTuple):
    """The caller: the bearer of a token, or a member of staff who signed in."""

    name: str
    """The name as it is recorded: ``token:NAME`` or ``staff:NAME``."""
    role: Role
    workspace: str | None = None
    """The only workspace that the caller may access; None for all."""

    def may(self, act: Act) -> bool:
        return act in MAY[self.role]

    def require(self, act: Act) -> None:
        """Raises ``Forbidden``."""
        if not self.may(act):
            raise Forbidden(role=str(self.role), act=str(act))

    def in_workspace(self, named: str | None, otherwise: str) -> str:
        """The named workspace, or the caller's own. Raises ``NoSuchWorkspace``."""
        if self.workspace is None:
            return named or otherwise
        if named not in (None, self.workspace):
            raise NoSuchWorkspace(workspace=named)
        return self.workspace
