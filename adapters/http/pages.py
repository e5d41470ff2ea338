"""The pages of a link: plain HTML without scripts, all foreign text escaped."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

from engine.answers.telling.one_line import one_line

STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:3rem auto;padding:0 1rem;"
    "color:#111;background:#fff}button{font:inherit;padding:.6rem 1.2rem}"
    "label,input{display:block;font:inherit;margin:.4rem 0}"
)
_OF_STYLE = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def page(
    title: str,
    paragraphs: Iterable[str],
    *,
    form: str = "",
    sends_to: Sequence[str] = (),
    status: int = 200,
) -> HTMLResponse:
    """A page. ``form`` is HTML of ours; all else is text. ``sends_to``: the addresses that the form
    leads to, whose origins the page allows."""
    body = "\n".join(f"<p>{escape(each)}</p>" for each in paragraphs)
    html = (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n"
        f"<main><h1>{escape(title)}</h1>\n{body}\n{form}</main></html>\n"
    )
    return HTMLResponse(html, status, {**HEADERS, "Content-Security-Policy": _policy(sends_to)})


def button(words: str) -> str:
    return f'<form method="post"><button>{escape(words)}</button></form>'


def password_form(account_id: str, words: str) -> str:
    """A form for a password, with the user's name, so that password managers find the right one."""
    name = escape(one_line(account_id))
    return (
        '<form method="post"><label for="password">The new password</label>'
        f'<input name="username" value="{name}" autocomplete="username" readonly hidden>'
        '<input id="password" name="password" type="password" required maxlength="1000" '
        f'autocomplete="current-password"><button>{escape(words)}</button></form>'
    )


def _policy(sends_to: Sequence[str]) -> str:
    origins = (f"{each.scheme}://{each.netloc}" for each in map(urlsplit, sends_to))
    allowed = " ".join(("'self'", *origins))
    return (
        f"default-src 'none'; style-src 'sha256-{_OF_STYLE}'; "
        f"form-action {allowed}; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
