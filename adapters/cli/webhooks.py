"""``sendledger webhooks``: endpoints that events are delivered to, and what was tried."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli.common import settings_of
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_FAILED, EXIT_UNREADABLE
from adapters.screen.options import Yes
from adapters.screen.output import agreed, fail
from adapters.screen.program import group
from adapters.screen.where import WholeStore

if TYPE_CHECKING:
    from engine.work.webhooks.endpoint import Delivery, Endpoint
    from engine.work.webhooks.managing import Standing, Webhooks

app = group(no_args_is_help=True)

Webhook = Annotated[str, typer.Argument(help="The webhook's id.")]
Url = Annotated[str, typer.Argument(help="Where its receiver answers: https://host.example/path.")]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="Name of an event; may be repeated. Default: all."),
]
Owner = Annotated[
    str | None, typer.Option(help="Who is told when it is parked. Default: `owner_address`.")
]
Workspace = Annotated[str | None, typer.Option(help="Whose events it gets. Default: everybody's.")]
From = Annotated[
    int | None,
    typer.Option("--from", help="The first position to deliver. Default: only new events."),
]


@app.command()
def create(
    url: Url,
    types: Types = None,
    workspace: Workspace = None,
    owner: Owner = None,
    first: From = None,
    scheme: Annotated[str, typer.Option(help="Of signatures: hmac or ed25519.")] = "hmac",
    *,
    at: WholeStore,
) -> None:
    """Have events delivered to a URL. The secret is shown only once."""
    from engine.work.webhooks.signing import Scheme

    if scheme not in {*Scheme}:
        fail(f"Scheme {scheme}: expected {' or '.join(Scheme)}.", EXIT_UNREADABLE)
    with _webhooks(at) as (webhooks, default_owner):
        made = webhooks.create(
            url,
            owner or default_owner,
            workspace=workspace,
            types=types or (),
            scheme=Scheme(scheme),
            first=first,
        )
        told = {**_json(webhooks.show(made.endpoint.id)), "verifier": made.verifier}
    at.tell(
        told,
        f"Webhook {made.endpoint.id} delivers to {url}.",
        f"Its receiver verifies signatures with {made.verifier}",
    )


@app.command("list")
def list_(*, at: WholeStore) -> None:
    """Show every webhook: its state, and how far it is."""
    with _webhooks(at) as (webhooks, _):
        found = webhooks.list()
    lines = map(_line, found) if found else ["There are no webhooks."]
    at.tell({"webhooks": [_json(each) for each in found]}, *lines)


def _shows(
    name: str, says: str, act: "Callable[[Webhooks, str], object]" = lambda _, __: None
) -> None:
    """Define a command that does something with a webhook and shows it."""

    @app.command(name, help=says)
    def command(webhook: Webhook, *, at: WholeStore) -> None:
        with _webhooks(at) as (webhooks, _):
            act(webhooks, webhook)
            _show(webhooks, webhook, at)


_shows("show", "Show a webhook, and each workspace whose delivery failed.")
_shows("pause", "Deliver nothing until it is resumed; nothing is lost.", lambda w, i: w.pause(i))
_shows("resume", "Go on from where it is, at once, paused or parked.", lambda w, i: w.resume(i))


@app.command()
def change(
    webhook: Webhook,
    url: Annotated[str | None, typer.Option(help="Another URL.")] = None,
    types: Types = None,
    owner: Owner = None,
    *,
    at: WholeStore,
) -> None:
    """Change where a webhook delivers, what, or who is told when it is parked."""
    with _webhooks(at) as (webhooks, _):
        webhooks.change(webhook, url=url, owner=owner, types=types)
        _show(webhooks, webhook, at)


@app.command()
def replay(
    webhook: Webhook,
    first: Annotated[int, typer.Option("--from", help="Position to begin with.")],
    *,
    at: WholeStore,
) -> None:
    """Deliver everything from a position on again, under the same ids, and resume."""
    with _webhooks(at) as (webhooks, _):
        webhooks.replay(webhook, first)
        _show(webhooks, webhook, at)


@app.command()
def delete(webhook: Webhook, yes: Yes = False, *, at: WholeStore) -> None:
    """Stop delivering to a webhook, and delete it with its secret and its deliveries."""
    with _webhooks(at) as (webhooks, _):
        found = webhooks.show(webhook).endpoint
        agreed(f"Forget webhook {webhook}, which delivers to {found.url}?", yes=yes)
        webhooks.delete(webhook)
    at.tell({"id": webhook}, f"Webhook {webhook} is forgotten.")


@app.command()
def rotate(webhook: Webhook, *, at: WholeStore) -> None:
    """Give a webhook a new secret; for a day the previous one signs as well."""
    with _webhooks(at) as (webhooks, _):
        verifier = webhooks.rotate(webhook)
    told = {"id": webhook, "verifier": verifier}
    at.tell(told, f"From now on its receiver verifies signatures with {verifier}")


@app.command("test")
def send_test(webhook: Webhook, *, at: WholeStore) -> None:
    """Send a test event, which is in no log, to a webhook. Exit 1 if it is not accepted."""
    with _webhooks(at) as (webhooks, _):
        tried = webhooks.test(webhook)
    at.tell(_delivery_json(tried), _delivery_line(tried))
    raise typer.Exit(0 if tried.delivered else EXIT_FAILED)


@app.command()
def deliveries(
    webhook: Webhook,
    failed: Annotated[bool, typer.Option(help="Only those that failed.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, at most.")] = 100,
    *,
    at: WholeStore,
) -> None:
    """Show the attempts to deliver, the newest first."""
    with _webhooks(at) as (webhooks, _):
        found = webhooks.deliveries(webhook, limit, failed=failed)
    lines = map(_delivery_line, found) if found else ["Nothing was tried yet."]
    at.tell({"deliveries": [_delivery_json(each) for each in found]}, *lines)


@contextmanager
def _webhooks(at: WholeStore) -> "Iterator[tuple[Webhooks, str]]":
    """The webhooks, and the address that is told where a webhook names no owner."""
    from adapters.composition.programs import running
    from adapters.composition.webhooking import webhooks_over

    with explained():
        settings = settings_of(at)
        with (
            running(settings) as program,
            webhooks_over(program.opened, settings) as found,
        ):
            yield found.webhooks, settings.owner_address


def _show(webhooks: "Webhooks", webhook: str, at: WholeStore) -> None:
    found = webhooks.show(webhook)
    failing = [
        f"  {workspace}: {lane.attempts} attempts failed: {lane.answer}"
        + (f"; tried again at {lane.next_at:%Y-%m-%dT%H:%M:%SZ}" if lane.next_at else "")
        for workspace, lane in found.endpoint.lanes.items()
        if lane.attempts
    ]
    at.tell(_json(found), _line(found), *failing)


def _line(found: "Standing") -> str:
    endpoint = found.endpoint
    state = f"parked: {endpoint.reason}" if endpoint.reason else str(endpoint.status)
    return (
        f"{endpoint.id} {endpoint.url} ({state}), has {_what(endpoint)} up to position "
        f"{found.delivered_until} of {found.last_position}"
    )


def _what(endpoint: "Endpoint") -> str:
    names = ", ".join(endpoint.types) or "every event"
    return f"{names} of {endpoint.workspace}" if endpoint.workspace else names


def _json(found: "Standing") -> dict[str, Any]:
    from engine.work.webhooks.telling import standing_json

    return standing_json(found)


def _delivery_json(each: "Delivery") -> dict[str, Any]:
    from engine.work.webhooks.telling import delivery_json

    return delivery_json(each)


def _delivery_line(each: "Delivery") -> str:
    told = _delivery_json(each)
    what = f"position {each.position}" if each.position else "test"
    came = f"delivered ({each.status})" if each.delivered else f"failed: {each.answer}"
    return (
        f"{told['at']} {each.workspace} {what}, attempt {each.attempt}, {came}, "
        f"{each.milliseconds} ms"
    )
