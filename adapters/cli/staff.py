"""``sendledger staff``: people who sign in to the console."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.common import Session, reading, require_name, session
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Json, Store
from adapters.screen.output import fail, print_json, say
from adapters.screen.program import group
from engine.work.permissions import AccessError, Role

if TYPE_CHECKING:
    from engine.work.staff import Staff

app = group()
Name = Annotated[str, typer.Argument(help="By which the person signs in.")]
Only = Annotated[str | None, typer.Option(help="The only workspace to see. Default: all.")]
RoleOption = Annotated[Role, typer.Option(help="What the person may do.")]


@app.command()
def add(
    name: Name, role: RoleOption, workspace: Only = None, store: Store = None, as_json: Json = False
) -> None:
    """Add a person, and print the link by which the person sets a password, once, within a day."""
    from engine.work.staff import Member

    require_name("member of staff", name)
    if name.startswith("sso:"):
        fail("Names with sso: are of people who sign in elsewhere.", EXIT_UNREADABLE)
    with _staff(store, create=True) as (here, staff):
        staff.add(Member(name, role, workspace))
        _invite(here, staff, name, as_json=as_json)


@app.command()
def invite(name: Name, store: Store = None, as_json: Json = False) -> None:
    """Print a new link to set a password; the one before is over."""
    with _staff(store) as (here, staff):
        _invite(here, staff, name, as_json=as_json)


@app.command("set")
def change(
    name: Name, role: RoleOption, workspace: Only = None, store: Store = None, as_json: Json = False
) -> None:
    """Change what a person may do. Ends the person's sessions."""
    from engine.work.staff import NoSuchStaff

    with _staff(store) as (_, staff):
        before = staff.member(name)
        if before is None:
            raise NoSuchStaff(name=name)
        staff.change(before._replace(role=role, workspace=workspace))
        _tell(f"{name} is {role} now.", {"name": name, "role": role}, as_json=as_json)


@app.command()
def remove(name: Name, store: Store = None, as_json: Json = False) -> None:
    """Have a person sign in no more. Ends the person's sessions."""
    with _staff(store) as (_, staff):
        staff.remove(name)
        _tell(f"{name} is removed.", {"name": name, "removed": True}, as_json=as_json)


@app.command("list")
def list_all(store: Store = None, as_json: Json = False) -> None:
    """Show everybody who may sign in."""
    from adapters.screen.tables import print_table
    from adapters.stores.small_tables.staff import StoredStaff

    with reading(store) as opened:
        found = StoredStaff(opened.beside).all()
        if as_json:
            print_json({"staff": [{**each._asdict(), "password": None} for each in found]})
            return
        rows = [
            (each.name, each.role, each.workspace or "all", "yes" if each.password else "no")
            for each in found
        ]
        print_table("staff", ("name", "role", "workspace", "has a password"), rows, most=None)


@contextmanager
def _staff(store: str | None, *, create: bool = False) -> "Iterator[tuple[Session, Staff]]":
    from adapters.stores.small_tables.staff import StoredStaff

    with explained(AccessError), session(store, None, create=create) as here:
        yield here, StoredStaff(here.opened.beside)


def _invite(here: Session, staff: "Staff", name: str, *, as_json: bool) -> None:
    from engine.work.staff import SignIns

    link = f"/welcome/{SignIns(staff).invite(name, here.store.now()).reveal()}"
    base = (here.settings.public_url or f"http://{here.settings.http or 'HOST:PORT'}").rstrip("/")
    _tell(
        f"{name} sets a password here, once, within a day: {base}{link}",
        {"name": name, "link": f"{base}{link}"},
        as_json=as_json,
    )


def _tell(text: str, told: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        say(text)
