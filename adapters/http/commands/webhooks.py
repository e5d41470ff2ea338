"""What is done with webhooks. Secrets are asked for apart, so no answer that is kept holds one."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from adapters.http.commands.accounts import Name
from adapters.http.commands.operation import Asked, Body, Operation, Progress, Told
from adapters.http.reading.webhooks import own, standing_told
from engine.answers.telling.rows import told
from engine.work.permissions import Act
from engine.work.webhooks.signing import Scheme

Types = Annotated[list[Name], Field(max_length=200)]
Url = Annotated[str, Field(min_length=1, max_length=2_000)]
Place = Annotated[int, Field(ge=1, le=2**62)]


class NewWebhook(Body):
    url: Url
    owner: Name | None = None
    """The address that is told when it is parked; by default the setting ``owner_address``."""
    types: Types = Field(default_factory=list)
    """Names of events; empty for all."""
    scheme: Scheme = Scheme.HMAC
    first: Place | None = None
    """The position to begin with; by default, what comes from now on."""
    of_all_workspaces: bool = False


class ChangedWebhook(Body):
    url: Url | None = None
    owner: Name | None = None
    types: Types | None = None


class Replayed(Body):
    first: Place


def create(asked: Asked, _: Progress) -> Told:
    body: NewWebhook = asked.body
    everybody = body.of_all_workspaces and asked.caller.workspace is None
    made = asked.site.webhooks.create(
        body.url,
        body.owner or asked.site.settings.owner_address,
        workspace=None if everybody else asked.workspace,
        types=body.types,
        scheme=body.scheme,
        first=body.first,
    )
    return standing_told(asked.site.webhooks.show(made.endpoint.id))


def change(asked: Asked, _: Progress) -> Told:
    body: ChangedWebhook = asked.body
    webhook = _own(asked)
    asked.site.webhooks.change(webhook, url=body.url, owner=body.owner, types=body.types)
    return standing_told(asked.site.webhooks.show(webhook))


def delete(asked: Asked, _: Progress) -> Told:
    asked.site.webhooks.delete(_own(asked))
    return {"deleted": True}


def rotate(asked: Asked, _: Progress) -> Told:
    webhook = _own(asked)
    asked.site.webhooks.rotate(webhook)
    return standing_told(asked.site.webhooks.show(webhook))


def test(asked: Asked, _: Progress) -> Told:
    return told(asked.site.webhooks.test(_own(asked)))


def replay(asked: Asked, _: Progress) -> Told:
    webhook = _own(asked)
    asked.site.webhooks.replay(webhook, asked.body.first)
    return standing_told(asked.site.webhooks.show(webhook))


def _simply(act: str) -> Callable[[Asked, Progress], Told]:
    def steps(asked: Asked, _: Progress) -> Told:
        webhook = _own(asked)
        getattr(asked.site.webhooks, act)(webhook)
        return standing_told(asked.site.webhooks.show(webhook))

    return steps


def _own(asked: Asked) -> str:
    """The webhook in the path. Raises ``NoSuchWebhook`` for one that is not the caller's."""
    return own(asked.site.webhooks, asked.names["webhook"], asked.caller).endpoint.id


def _operation(name: str, path: str, summary: str, steps: Any, **more: Any) -> Operation:
    return Operation(
        f"{name}_webhook", f"/webhooks{path}", summary, Act.OPERATE, steps=steps, **more
    )


ONE = "/{webhook}"
WEBHOOKS = (
    _operation("create", "", "Have events delivered to a URL.", create, body=NewWebhook),
    _operation(
        "change",
        ONE,
        "Change where a webhook delivers, and what.",
        change,
        body=ChangedWebhook,
        method="PATCH",
    ),
    _operation("delete", ONE, "Delete a webhook.", delete, method="DELETE"),
    _operation("pause", f"{ONE}/pause", "Pause a webhook until it is resumed.", _simply("pause")),
    _operation("resume", f"{ONE}/resume", "Resume a webhook from where it was.", _simply("resume")),
    _operation(
        "rotate", f"{ONE}/rotate", "Give a webhook a new secret; for a day both sign.", rotate
    ),
    _operation("test", f"{ONE}/test", "Send a test event, which is in no log.", test),
    _operation(
        "replay",
        f"{ONE}/replay",
        "Deliver everything from a position on again.",
        replay,
        body=Replayed,
    ),
)
