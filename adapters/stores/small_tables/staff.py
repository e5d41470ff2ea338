"""People who sign in, and their sessions, kept beside a store's log."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from adapters.stores.small_tables.small_table import SmallTable, TableStore
from engine.work.staff import LONGEST, Member, NoSuchStaff, Session, StaffNameTaken

_HERE = Path(__file__).parent


class StoredStaff:
    """Implements ``Staff``."""

    def __init__(self, store: TableStore) -> None:
        self._staff = SmallTable(store, _HERE / "staff.sql")
        self._sessions = SmallTable(store, _HERE / "sessions.sql")

    def add(self, member: Member) -> None:
        if not self._staff.write("add", **member._asdict()):
            raise StaffNameTaken(name=member.name)

    def change(self, member: Member) -> None:
        if not self._staff.write("change", **member._asdict()):
            raise NoSuchStaff(name=member.name)
        self.end_all(member.name)

    def remove(self, name: str) -> None:
        if not self._staff.write("remove", name=name):
            raise NoSuchStaff(name=name)
        self.end_all(name)

    def member(self, name: str) -> Member | None:
        return self._staff.record("member", Member, name=name)

    def all(self) -> Sequence[Member]:
        return self._staff.records("all", Member)

    def invite(self, digest: str, name: str, until: datetime) -> None:
        if not self._staff.write("invite", digest=digest, name=name, until=until):
            raise NoSuchStaff(name=name)

    def invited(self, digest: str, now: datetime) -> str | None:
        found = self._staff.row("invited", digest=digest, now=now)
        return str(found[0]) if found else None

    def accept(self, digest: str, password: str, now: datetime) -> str | None:
        with self._staff.changing() as change:
            found = change("accept", digest=digest, password=password, now=now)
        if found is None:
            return None
        self.end_all(found[0])
        return str(found[0])

    def begin(self, digest: str, session: Session) -> None:
        """Sessions that are long over go."""
        begun = session._replace(seen_at=session.began_at)
        with self._sessions.changing() as change:
            change("end_old", before=session.began_at - LONGEST)
            change("begin", digest=digest, **begun._asdict())

    def session(self, digest: str) -> Session | None:
        return self._sessions.record("session", Session, digest=digest)

    def seen(self, digest: str, at: datetime) -> None:
        self._sessions.write("seen", digest=digest, at=at)

    def end(self, digest: str) -> None:
        self._sessions.write("end", digest=digest)

    def end_all(self, name: str) -> None:
        self._sessions.write("end_all", name=name)
