"""People who sign in, and their sessions, kept beside a store's log."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.small_tables.small_table import Row, SmallTable, TableStore
from engine.work.permissions import Role
from engine.work.staff import LONGEST, Member, NoSuchStaff, Session, StaffNameTaken

_HERE = Path(__file__).parent


class StoredStaff:
    """Implements ``Staff``."""

    def __init__(self, store: TableStore) -> None:
        self._staff = SmallTable(store, _HERE / "staff.sql")
        self._sessions = SmallTable(store, _HERE / "sessions.sql")

    def add(self, member: Member) -> None:
        if not self._staff.write("add", **_values(member)):
            raise StaffNameTaken(name=member.name)

    def change(self, member: Member) -> None:
        if not self._staff.write("change", **_values(member)):
            raise NoSuchStaff(name=member.name)
        self.end_all(member.name)

    def remove(self, name: str) -> None:
        if not self._staff.write("remove", name=name):
            raise NoSuchStaff(name=name)
        self.end_all(name)

    def member(self, name: str) -> Member | None:
        found = self._staff.row("member", name=name)
        return _member(found) if found else None

    def all(self) -> Sequence[Member]:
        return [_member(each) for each in self._staff.rows("all")]

    def invite(self, digest: str, name: str, until: datetime) -> None:
        if not self._staff.write("invite", digest=digest, name=name, until=to_micros(until)):
            raise NoSuchStaff(name=name)

    def invited(self, digest: str, now: datetime) -> str | None:
        found = self._staff.row("invited", digest=digest, now=to_micros(now))
        return str(found[0]) if found else None

    def accept(self, digest: str, password: str, now: datetime) -> str | None:
        with self._staff.changing() as change:
            found = change("accept", digest=digest, password=password, now=to_micros(now))
        if found is None:
            return None
        self.end_all(found[0])
        return str(found[0])

    def begin(self, digest: str, session: Session) -> None:
        """Sessions that are long over go."""
        began = to_micros(session.began_at)
        with self._sessions.changing() as change:
            change("end_old", before=to_micros(session.began_at - LONGEST))
            change("begin", digest=digest, name=session.name, began_at=began, seen_at=began)

    def session(self, digest: str) -> Session | None:
        found = self._sessions.row("session", digest=digest)
        return Session(found[0], from_micros(found[1]), from_micros(found[2])) if found else None

    def seen(self, digest: str, at: datetime) -> None:
        self._sessions.write("seen", digest=digest, at=to_micros(at))

    def end(self, digest: str) -> None:
        self._sessions.write("end", digest=digest)

    def end_all(self, name: str) -> None:
        self._sessions.write("end_all", name=name)


def _values(member: Member) -> dict[str, str | None]:
    return {**member._asdict(), "role": str(member.role)}


def _member(row: Row) -> Member:
    name, role, workspace, password = row
    return Member(name, Role(role), workspace, password)
