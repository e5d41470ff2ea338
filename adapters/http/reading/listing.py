"""One route for each collection: pages by cursor, filters, sparse fields; JSON, CSV or Parquet."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from tempfile import TemporaryFile
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, create_model
from starlette.responses import Response

from adapters.http.gate import Here, of
from adapters.http.problems import Problem
from adapters.http.reading.collections import AT_ONCE, COLLECTIONS, Collection, Wanted
from adapters.http.reading.cursors import cursor_of, key_in
from adapters.http.reading.formats import MEDIA_TYPES, Format, Sent, write_csv, write_parquet
from adapters.http.reading.moments import View
from adapters.http.site import Site
from engine.answers.telling.rows import plain, told
from events.vocabulary import instant_text, read_instant

MOST = 1_000
"""Rows on one page, at most."""


class Asking(NamedTuple):
    """What a request wants of a collection, checked."""

    wanted: Wanted
    columns: Sequence[str]
    limit: int
    at: datetime | None
    format: Format


def router() -> APIRouter:
    found = APIRouter()
    for each in COLLECTIONS:
        _add(found, each)
    return found


def _add(routes: APIRouter, collection: Collection) -> None:
    parameters = _parameters(collection)
    found = of(collection.act)

    def answer(asks: Annotated[Here, found], query: Annotated[Any, Query()]) -> Response:
        asking = _asking(collection, asks, query)
        return _answered(asks.site, asks.workspace, collection, asking)

    answer.__annotations__["query"] = Annotated[parameters, Query()]
    routes.add_api_route(
        collection.path,
        answer,
        name=collection.name,
        operation_id=f"list_{_brief(collection)}",
        summary=collection.answers,
        response_model=_page_model(collection),
        responses={200: {"content": {each: {} for each in MEDIA_TYPES.values()}}},
        tags=[collection.path.split("/")[1]],
    )


def _parameters(collection: Collection) -> type[BaseModel]:
    most = Annotated[int, Field(ge=1, le=MOST, description="Rows of a page.")]
    text = Annotated[str | None, Field(max_length=1_000)]
    fields: dict[str, Any] = {
        **dict.fromkeys(collection.filters, (text, None)),
        "cursor": (
            Annotated[str | None, Field(description="The `next` of the page before.")],
            None,
        ),
        "limit": (most, 100),
        "fields": (Annotated[str | None, Field(description="Columns, with commas.")], None),
        "at": (Annotated[str | None, Field(description="As recorded up to that time.")], None),
        "format": (Format, Format.JSON),
    }
    return create_model(f"{_title(collection)}Query", **fields)


def _page_model(collection: Collection) -> type[BaseModel]:
    hints = get_type_hints(collection.row)
    columns: dict[str, Any] = {each: (_as_told(hints[each]), None) for each in collection.columns}
    row = create_model(f"{_title(collection)}Row", **columns)
    return create_model(
        f"{_title(collection)}Page",
        rows=(list[row], ...),
        next=(str | None, None),
        at=(datetime, ...),
    )


def _as_told(hint: Any) -> Any:
    """The type in which a column is told: named tuples inside a row become objects."""
    for inner in get_args(hint):
        if hasattr(inner, "_fields"):
            fields: dict[str, Any] = {
                name: (kind, ...) for name, kind in get_type_hints(inner).items()
            }
            return list[create_model(inner.__name__, **fields)]  # type: ignore[misc]
    return hint


def _title(collection: Collection) -> str:
    return "".join(each.capitalize() for each in _brief(collection).split("_"))


def _brief(collection: Collection) -> str:
    """``/campaigns/{campaign_id}/sends`` → ``campaign_sends``."""
    return re.sub(r"s/{\w+}/", "_", collection.path).strip("/").replace("-", "_")


def _asking(collection: Collection, asks: Here, query: Any) -> Asking:
    known = {*type(query).model_fields, "workspace"}
    unknown = [each for each in asks.request.query_params if each not in known]
    if unknown:
        told_names = ", ".join(sorted(known))
        raise Problem(
            422, "unknown_parameter", f"There is no {unknown[0]}; there are {told_names}."
        )
    equal = {each: value for each in collection.filters if (value := getattr(query, each))}
    after = key_in(collection.path, query.cursor, len(collection.key)) if query.cursor else None
    at_once = min(query.limit + 1, AT_ONCE) if query.format is Format.JSON else AT_ONCE
    return Asking(
        Wanted(asks.caller, asks.names, after, equal, at_once),
        _columns(collection, query.fields),
        query.limit,
        moment_of(query.at),
        query.format,
    )


def _columns(collection: Collection, fields: str | None) -> Sequence[str]:
    if fields is None:
        return collection.columns
    named = [each.strip() for each in fields.split(",")]
    for each in named:
        if each not in collection.columns:
            there = ", ".join(collection.columns)
            raise Problem(422, "unknown_field", f"There is no field {each}; there are {there}.")
    return named


def moment_of(text: str | None) -> datetime | None:
    """The moment. Raises ``Problem`` for text that is not a time with a zone."""
    try:
        return None if text is None else read_instant(text)
    except ValueError as error:
        raise Problem(422, "no_moment", f"at: {error}.") from None


def _answered(site: Site, workspace: str, collection: Collection, asking: Asking) -> Response:
    match asking.format:
        case Format.JSON:
            with site.view(workspace, asking.at) as view:
                return JSONResponse(_page(view, collection, asking))
        case Format.CSV | Format.PARQUET:
            return _file(site, workspace, collection, asking)


def _file(site: Site, workspace: str, collection: Collection, asking: Asking) -> Response:
    """The rows as a file, complete before it is sent: a slow reader does not hold the store."""
    file = TemporaryFile()  # noqa: SIM115 closed once it was sent
    hints = get_type_hints(collection.row)
    write = write_csv if asking.format is Format.CSV else write_parquet
    try:
        with site.view(workspace, asking.at) as view:
            lines = (
                [getattr(row, each) for each in asking.columns]
                for row in chosen(view, collection, asking.wanted)
            )
            write({each: hints[each] for each in asking.columns}, lines, file)
    except BaseException:
        file.close()
        raise
    return Sent(file, f"{collection.name}.{asking.format}", MEDIA_TYPES[asking.format])


def _page(view: View, collection: Collection, asking: Asking) -> dict[str, Any]:
    found = list(islice(chosen(view, collection, asking.wanted), asking.limit + 1))
    shown, more = found[: asking.limit], len(found) > asking.limit
    following = cursor_of(collection.path, collection.key_of(shown[-1])) if more else None
    rows = [told_row(each, asking.columns) for each in shown]
    return {"rows": rows, "next": following, "at": instant_text(view.at)}


def told_row(row: Any, columns: Sequence[str]) -> dict[str, Any]:
    return {name: _json(value) for name, value in told(row, columns).items()}


def _json(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [each._asdict() if hasattr(each, "_asdict") else each for each in value]
    return value


def chosen(view: View, collection: Collection, wanted: Wanted) -> Iterator[Any]:
    """The rows that match what is wanted, in order of key."""
    columns = collection.columns
    equal = {each: value for each, value in wanted.equal.items() if each in columns}
    for row in collection.rows(view, wanted):
        if all(str(plain(getattr(row, each))) == value for each, value in equal.items()):
            yield row
