"""Who may do what: one table of roles and acts, for every door that knows its callers."""

from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from events.errors import ExplainedError


class Role(StrEnum):
    """What a token or a member of staff is for."""

    VIEWER = "viewer"
    SUPPORT = "support"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    CONSUMER = "consumer"
    ADMIN = "admin"


class Act(StrEnum):
    """What can be done, as coarse as roles tell it apart."""

    READ = "read"
    """State, clocks, notices, incidents, standing of views: without names and addresses."""
    READ_CASE = "read_case"
    """A person's case and its proof; each look is recorded."""
    READ_PERSONS = "read_persons"
    """Names and addresses unmasked."""
    READ_LOG = "read_log"
    """Events, their proofs, state at a moment, differences, what-if, checks, exports of the log."""
    FOLLOW = "follow"
    """The feed."""
    REPAIR = "repair"
    """Test and reconnect an account, re-add it, resume what it paused."""
    RUN = "run"
    """Connect, disconnect and set accounts; create, fill, start and pause campaigns."""
    SUPPRESS = "suppress"
    FORGET = "forget"
    OPERATE = "operate"
    """Retry or skip a view's event, have a parked workspace settled again, webhooks."""
    READ_LOOKS = "read_looks"
    """Who looked at which case."""
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
"""What each role may do. An auditor sees cases under the ids of persons, never their names."""


class AccessError(ExplainedError):
    """Something about who may do what."""


class Forbidden(AccessError):
    sentence = "The role {role} may not do this ({act})."


class NoSuchWorkspace(AccessError):
    """Also of one that there is, for a caller who has no business in it."""

    sentence = "There is no workspace {workspace}."


class Caller(NamedTuple):
    """Who asks: a token's bearer, or a member of staff who signed in."""

    name: str
    """As it stands in what is recorded: ``token:NAME`` or ``staff:NAME``."""
    role: Role
    workspace: str | None = None
    """The only one he has to do with; None: all of them."""

    def may(self, act: Act) -> bool:
        return act in MAY[self.role]

    def require(self, act: Act) -> None:
        """Raises ``Forbidden``."""
        if not self.may(act):
            raise Forbidden(role=str(self.role), act=str(act))

    def in_workspace(self, named: str | None, otherwise: str) -> str:
        """The workspace that is named, or his own. Raises ``NoSuchWorkspace``."""
        if self.workspace is None:
            return named or otherwise
        if named not in (None, self.workspace):
            raise NoSuchWorkspace(workspace=named)
        return self.workspace
