"""Signing in and out, and the link through which a person sets a first password."""

from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from adapters.http.console.oidc import Asked, NotSignedInThere
from adapters.http.console.rendering import rendered, with_query
from adapters.http.console.sessions import cookie_name, require_from_here, require_ours, set_cookie
from adapters.http.problems import NotFound
from adapters.http.site import Site
from engine.work.secret import Secret
from engine.work.staff import LONGEST_PASSWORD, SHORTEST_PASSWORD, PasswordTooShort

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=LONGEST_PASSWORD + 1)]
ASKED, ANSWER = "sendledger_asked", "/sign-in/answer"
FAILED = "Name and password do not fit."


def own_path(wanted: str) -> str:
    """Where to go after signing in: a path of ours, whatever was requested."""
    fits = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if fits and "\\" not in wanted else "/"


@router.get("/sign-in")
def form(request: Request, next: str = "/") -> Response:  # noqa: A002 its name in the address
    return _form(request, next)


@router.post("/sign-in")
def sign_in(request: Request, name: Text = "", password: Text = "", next: Text = "/") -> Response:  # noqa: A002
    require_from_here(request)
    site: Site = request.app.state.site
    whose = f"name:{name}", f"address:{request.client.host if request.client else ''}"
    wait = site.attempts.wait(*whose)
    if wait:
        told = f"Too many tries. Try again in {wait // 60 + 1} minutes."
        return _form(request, next, told, status=429, wait=wait)
    session = site.sign_ins.by_password(name, password, site.signed_at())
    if session is None:
        site.attempts.failed(*whose)
        return _form(request, next, FAILED, status=403)
    site.attempts.succeeded(*whose)
    return begun(request, session, next)


@router.post("/sign-out")
def sign_out(request: Request, csrf: Text = "", everywhere: Text = "") -> Response:
    site: Site = request.app.state.site
    name = cookie_name(secure=site.secure)
    session = request.cookies.get(name, "")
    require_ours(request, session, {"csrf": csrf})
    member = site.sign_ins.who(session, site.signed_at())
    if everywhere and member:
        site.sign_ins.end_all(member.name)
    site.sign_ins.end(session)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(name, path="/", secure=site.secure, httponly=True)
    return response


@router.get("/welcome/{link}")
def welcome(request: Request, link: str) -> Response:
    """The page of the link. Looking at it uses nothing up, since mail scanners look, too."""
    return _welcome(request, link)


@router.post("/welcome/{link}")
def accept(request: Request, link: str, password: Text = "") -> Response:
    require_from_here(request)
    site: Site = request.app.state.site
    try:
        session = site.sign_ins.accept(link, password, site.signed_at())
    except PasswordTooShort as error:
        return _welcome(request, link, str(error), status=422)
    return begun(request, session, "/") if session else _welcome(request, link)


def begun(request: Request, session: Secret, wanted: str) -> Response:
    """A redirect with a new session: no session from before the sign-in lives on."""
    response = RedirectResponse(own_path(wanted), 303)
    set_cookie(response, session, secure=request.app.state.site.secure)
    return response


def to_sign_in(request: Request) -> Response:
    wanted = str(request.url.path) + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(with_query("/sign-in", next=own_path(wanted)), 303)


def _form(
    request: Request, wanted: str, problem: str = "", *, status: int = 200, wait: int = 0
) -> Response:
    context = {
        "next": own_path(wanted),
        "problem": problem,
        "provider": request.app.state.site.settings.oidc_issuer,
    }
    headers = {"Retry-After": str(wait)} if wait else None
    return rendered("sign_in.html", context, status=status, headers=headers)


def _welcome(request: Request, link: str, problem: str = "", *, status: int = 200) -> Response:
    site: Site = request.app.state.site
    name = site.sign_ins.invited(link, site.signed_at())
    context = {"name": name, "problem": problem, "least": SHORTEST_PASSWORD}
    return rendered("welcome.html", context, status=status if name else 404)


@router.post("/sign-in/provider")
def ask_provider(request: Request, next: Text = "/") -> Response:  # noqa: A002
    require_from_here(request)
    site: Site = request.app.state.site
    if site.provider is None:
        raise NotFound("provider", "to sign in at")
    url, asked = site.provider.ask(_answer_uri(request))
    response = RedirectResponse(url, 303)
    response.set_cookie(
        ASKED,
        f"{asked.written()}.{quote(own_path(next), safe='')}",
        max_age=600,
        path=ANSWER,
        secure=site.secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get(ANSWER)
def answered(request: Request) -> Response:
    site: Site = request.app.state.site
    state, nonce, verifier, wanted = (*request.cookies.get(ASKED, "").split(".", 3), *[""] * 4)[:4]
    if site.provider is None or not verifier:
        error = NotSignedInThere(why="this browser did not ask")
        return _form(request, "/", str(error), status=403)
    try:
        asked = Asked(state, nonce, verifier)
        member = site.provider.answered(_answer_uri(request), asked, dict(request.query_params))
    except NotSignedInThere as error:
        return _form(request, "/", str(error), status=403)
    session = site.sign_ins.vouched_for(member, site.signed_at())
    response = begun(request, session, unquote(wanted))
    response.delete_cookie(ASKED, path=ANSWER)
    return response


def _answer_uri(request: Request) -> str:
    public = request.app.state.site.settings.public_url
    base = public.rstrip("/") if public else str(request.base_url).rstrip("/")
    return f"{base}{ANSWER}"
