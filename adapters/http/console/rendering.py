"""Pages from templates: foreign text escaped, nothing undefined, times readable for people."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from engine.answers.telling.one_line import one_line
from events.vocabulary import instant_text, read_instant

HERE = Path(__file__).parent
HTMX = '{"includeIndicatorCSS": false, "history": true}'


def _when(moment: str | datetime | None) -> str:
    """To the second, UTC: ``2026-03-02 12:01:00``."""
    if not moment:
        return ""
    found = read_instant(moment) if isinstance(moment, str) else moment
    return f"{found:%Y-%m-%d %H:%M:%S}"


def _iso(moment: str | datetime | None) -> str:
    return instant_text(moment) if isinstance(moment, datetime) else moment or ""


def segment(name: str) -> str:
    """A name, encoded for use inside a path."""
    return quote(name, safe="")


def _words(code: object) -> str:
    """``campaign_stopped`` → ``campaign stopped``."""
    return str(code).replace("_", " ")


ENVIRONMENT = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters |= {
    "when": _when,
    "iso": _iso,
    "segment": segment,
    "words": _words,
    "line": lambda text: one_line(str(text)),
}
ENVIRONMENT.globals["htmx_config"] = HTMX


def rendered(
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    html = ENVIRONMENT.get_template(template).render(context)
    return HTMLResponse(html, status, headers)


def with_query(path: str, **query: str | None) -> str:
    """The path with those parts of the query that have a value."""
    there = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(there)}" if there else path
