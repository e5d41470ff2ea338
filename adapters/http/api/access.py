"""Tokens, staff, and records of who looked at which case."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from adapters.http.gate import Here, of, of_all
from adapters.http.problems import Problem
from adapters.http.reading.answers import LooksPage
from engine.answers.telling.rows import all_told, told
from engine.work.api_tokens import LONGEST, ApiToken, make
from engine.work.names import name_problem
from engine.work.permissions import Act, Role
from engine.work.staff import Member, NoSuchStaff

router = APIRouter(tags=["access"])
Name = Annotated[str, Field(min_length=1, max_length=200)]
Manages = Annotated[Here, of_all(Act.MANAGE_ACCESS)]


class NewMember(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    role: Role
    workspace: Name | None = None


class NewToken(NewMember):
    good_for: Annotated[timedelta, Field(gt=timedelta(0), le=LONGEST)] = timedelta(days=90)


@router.get("/tokens")
def tokens(asks: Manages) -> dict[str, Any]:
    """Every token that is not revoked: never the token itself."""
    return {"tokens": all_told(asks.site.tokens.all())}


@router.post("/tokens", status_code=201)
def make_token(asks: Manages, wanted: NewToken) -> dict[str, Any]:
    """Make a token, which is shown only once."""
    site, now = asks.site, asks.site.signed_at()
    _require(wanted)
    token = ApiToken(wanted.name, wanted.role, wanted.workspace, now, now + wanted.good_for)
    return {**told(token), "token": make(site.tokens, token).reveal()}


@router.delete("/tokens/{name}", status_code=204)
def revoke_token(asks: Manages) -> None:
    """Revoke a token; it is refused within a second."""
    asks.site.tokens.revoke(asks.names["name"])


@router.get("/staff")
def staff(asks: Manages) -> dict[str, Any]:
    """Everybody who may sign in."""
    return {"staff": all_told(asks.site.staff.all(), ("name", "role", "workspace"))}


@router.post("/staff", status_code=201)
def add_member(asks: Manages, wanted: NewMember) -> dict[str, Any]:
    """Add a person, who sets a password with the link, once, within a day."""
    site = asks.site
    _require(wanted)
    site.staff.add(Member(wanted.name, wanted.role, wanted.workspace))
    link = site.sign_ins.invite(wanted.name, site.signed_at()).reveal()
    return {"name": wanted.name, "role": wanted.role, "link": f"/welcome/{link}"}


@router.patch("/staff/{name}")
def change_member(asks: Manages, wanted: NewMember) -> dict[str, Any]:
    """Change what a person may do, and end the person's sessions."""
    site, name = asks.site, asks.names["name"]
    before = site.staff.member(name)
    if before is None:
        raise NoSuchStaff(name=name)
    site.staff.change(before._replace(role=wanted.role, workspace=wanted.workspace))
    return {"name": name, "role": wanted.role, "workspace": wanted.workspace}


@router.delete("/staff/{name}", status_code=204)
def remove_member(asks: Manages) -> None:
    """Remove a person, and end the person's sessions."""
    asks.site.staff.remove(asks.names["name"])


@router.get("/looks", response_model=LooksPage)
def looks(
    asks: Annotated[Here, of(Act.READ_LOOKS)],
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> Response:
    """Who looked at which person's case? In order of time, those after a number."""
    found = asks.site.looks.recorded(asks.workspace, after, limit)
    following = found[-1].number if len(found) == limit else None
    return JSONResponse({"looks": all_told(found), "next": following})


@router.get("/tool-calls")
def tool_calls(
    asks: Annotated[Here, of(Act.READ_LOOKS)],
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> dict[str, Any]:
    """Which tool was called by whom, about whom? In order of time, those after a number."""
    found = asks.site.tool_calls.recorded(asks.workspace, after, limit)
    return {"calls": all_told(found), "next": found[-1].number if len(found) == limit else None}


def _require(wanted: NewMember) -> None:
    """Raises ``Problem`` for a name that is invisible or cannot be told from another."""
    problem = name_problem(wanted.name)
    if problem is not None:
        raise Problem(422, "bad_name", f"The name {problem}. Choose another.")
