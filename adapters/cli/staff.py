"""``sendledger staff``: the people who sign in to the console."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.common import Session, reading, require_name, session
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail, print_json
from adapters.screen.program import group
from adapters.screen.where import WholeStore
from engine.work.permissions import AccessError, Role

if TYPE_CHECKING:
    from engine.work.staff import Staff

app = group()
Name = Annotated[str, typer.Argument(help="By which the person signs in.")]
Only = Annotated[str | None, typer.Option(help="The only workspace to see. Default: all.")]
RoleOption = Annotated[Role, typer.Option(help="What the person may do.")]


@app.command()
def add(name: Name, role: RoleOption, workspace: Only = None, *, at: WholeStore) -> None:
    """Add a person, and print a link to set a password, which works once, within a day."""
    from engine.work.staff import Member

    require_name("member of staff", name)
    if name.startswith("sso:"):
        fail("Names with sso: are of people who sign in elsewhere.", EXIT_UNREADABLE)
    with _staff(at, create=True) as (here, staff):
        staff.add(Member(name, role, workspace))
        _invite(at, here, staff, name)


@app.command()
def invite(name: Name, *, at: WholeStore) -> None:
    """Print a new link to set a password; the previous link stops working."""
    with _staff(at) as (here, staff):
        _invite(at, here, staff, name)


@app.command("set")
def change(name: Name, role: RoleOption, workspace: Only = None, *, at: WholeStore) -> None:
    """Change what a person may do. Ends the person's sessions."""
    from engine.work.staff import NoSuchStaff

    with _staff(at) as (_, staff):
        before = staff.member(name)
        if before is None:
            raise NoSuchStaff(name=name)
        staff.change(before._replace(role=role, workspace=workspace))
        at.tell({"name": name, "role": role}, f"{name} is {role} now.")


@app.command()
def remove(name: Name, *, at: WholeStore) -> None:
    """Remove a person, who then can no longer sign in. Ends the person's sessions."""
    with _staff(at) as (_, staff):
        staff.remove(name)
        at.tell({"name": name, "removed": True}, f"{name} is removed.")


@app.command("list")
def list_all(*, at: WholeStore) -> None:
    """Show everybody who may sign in."""
    from adapters.composition.access import staff_of
    from adapters.screen.tables import print_table

    with reading(at) as opened:
        found = staff_of(opened).all()
        if at.as_json:
            print_json({"staff": [{**each._asdict(), "password": None} for each in found]})
            return
        rows = [
            (each.name, each.role, each.workspace or "all", "yes" if each.password else "no")
            for each in found
        ]
        print_table("staff", ("name", "role", "workspace", "has a password"), rows, most=None)


@contextmanager
def _staff(at: WholeStore, *, create: bool = False) -> "Iterator[tuple[Session, Staff]]":
    from adapters.composition.access import staff_of

    with explained(AccessError), session(at, create=create) as here:
        yield here, staff_of(here.opened)


def _invite(at: WholeStore, here: Session, staff: "Staff", name: str) -> None:
    from engine.work.staff import SignIns

    link = f"/welcome/{SignIns(staff).invite(name, here.store.now()).reveal()}"
    base = (here.settings.public_url or f"http://{here.settings.http or 'HOST:PORT'}").rstrip("/")
    told = {"name": name, "link": f"{base}{link}"}
    at.tell(told, f"{name} sets a password here, once, within a day: {base}{link}")
