"""Many at once: all failed accounts, all waiting campaigns, all campaigns that lost an account."""

from collections.abc import Callable, Sequence
from typing import Any

from adapters.http.commands.accounts import Address, reconnected
from adapters.http.commands.operation import Asked, Body, Operation, Preview, Progress, Told
from engine.answers import fleet
from engine.answers.telling import rows
from engine.command_context import Look
from engine.reply import Refusal
from engine.work.fleet import Done, one_by_one
from engine.work.permissions import Act

One = Callable[[Asked, str], Refusal | None]
Planned = Callable[[Asked], "fleet.Plan[Any]"]


class Readded(Body):
    account_id: Address
    expired: bool = False
    """Also where the time has run out: for recipients not contacted yet (T5)."""


def _failed(asked: Asked) -> "fleet.Plan[fleet.Reconnect]":
    with asked.site.view(asked.workspace) as view:
        names = [*view.answers().accounts]
    return fleet.of_reconnecting(asked.engine, asked.workspace, names)


def _waiting(asked: Asked) -> "fleet.Plan[fleet.Resume]":
    with asked.site.view(asked.workspace) as view:
        names = [each.campaign_id for each in view.answers().waiting_campaigns()]
    return fleet.of_resuming(asked.engine, asked.workspace, names)


def _lost(asked: Asked) -> "fleet.Plan[fleet.Readd]":
    body: Readded = asked.body
    return fleet.of_readding(asked.engine, asked.workspace, body.account_id, expired=body.expired)


def _reconnect(asked: Asked, name: str) -> Refusal | None:
    with asked.engine.look(asked.workspace) as now:
        account = now.account(name)
    return reconnected(asked, account).refusal


def _resume(asked: Asked, name: str) -> Refusal | None:
    return asked.do(fleet.resuming(name), name).refusal


def _readd(asked: Asked, name: str) -> Refusal | None:
    return asked.do(fleet.readding(name, asked.body.account_id), name).refusal


def _shown(planned: Planned) -> Callable[[Asked, Look], Told]:
    def shown(asked: Asked, _: Look) -> Told:
        plan = planned(asked)
        return {
            "steps": rows.all_told(plan.steps),
            "left_out": rows.all_told(plan.left_out),
        }

    return shown


def _carried_out(planned: Planned, one: One) -> Callable[[Asked, Progress], Told]:
    """Steps that finish what was planned at the beginning, whichever process continues them."""

    def steps(asked: Asked, progress: Progress) -> Told:
        names: Sequence[str] = (progress.noted or {}).get("names", ())
        if progress.noted is None:
            names = [each[0] for each in planned(asked).steps]
            progress.note({"names": names})
        found = [*one_by_one(names, lambda name: one(asked, name))]
        return {"done": [*map(_told, found)], "refused": sum(bool(each.refusal) for each in found)}

    return steps


def _told(done: Done) -> Told:
    return {"name": done.name, "refusal": done.refusal and rows.refusal(done.refusal)}


def _operation(
    name: str, summary: str, planned: Planned, one: One, body: type[Body] = Body
) -> Operation:
    return Operation(
        f"{name}_fleet", f"/fleet/{name}", summary, Act.REPAIR, body,
        steps=_carried_out(planned, one), preview=Preview(_shown(planned)),
    )  # fmt: skip


FLEET = (
    _operation("reconnect", "Reconnect every failed account (R1-R3).", _failed, _reconnect),
    _operation("resume", "Resume every campaign that only waits for it (P2).", _waiting, _resume),
    _operation("readd", "Re-add an account wherever it was lost (T4, T5).", _lost, _readd, Readded),
)
