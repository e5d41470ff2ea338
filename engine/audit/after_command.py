"""What must have followed from a command by the time it and all reactions to it are recorded (S1,
T2)."""

from engine.audit import notices, pausing, suppression
from engine.audit.books import Account, Books, Clock, Owed
from events.vocabulary import ConnectionStatus, IncidentKind


def close_command(books: Books) -> None:
    """F0, S8, C2, C5, T4: the command has recorded everything that it must."""
    owed, books.owed = books.owed, Owed()
    if owed.stops or owed.releases:
        books.report("F0", f"{owed.stops} stops and {owed.releases} releases are missing.")
    if owed.received_late:
        books.report("S8", f"{owed.received_late} heard from {books.name} too late, and goes on.")
    if owed.failure_of:
        books.report("C2", f"A check was enough for {owed.failure_of} to fail, and it did not.")
    if owed.restoring:
        books.report("C5", f"{owed.restoring} passed a full check, and is not restored.")
    if owed.cure:
        books.report("T4", f"{owed.cure} was re-added within the hour, and is not cured.")
    if owed.failed:
        books.report("M8", f"{owed.failed} was tried often enough, and is not failed.")


def settle(books: Books) -> None:
    """Check what must have followed. Called before the next command that somebody asks for, and at
    the end of the log."""
    for campaign, account in books.hours:
        clock = books.clocks.get((campaign, account))
        if clock is None or clock.kind is not IncidentKind.DISCONNECT:
            books.report("T2", f"{campaign} depended on {account}, and no hour runs.")
    books.hours.clear()
    for account_id, opened in books.unsettled.items():
        _account(books, books.account(account_id))
        if opened:
            notices.told_at_once(books, account_id)
    books.unsettled.clear()
    for incident_id, account_id in books.end_notice_due.items():
        notices.told_of_the_end(books, incident_id, account_id)
    books.end_notice_due.clear()
    for send_id, account_id in books.uncounted.items():
        books.report("M3", f"{send_id} was reserved, and {account_id} did not count it.")
    books.uncounted.clear()
    for account_id in books.to_throttle:
        books.report("M8", f"{account_id} sent too much, and is not held.")
    books.to_throttle.clear()
    suppression.all_ended(books)


def _account(books: Books, account: Account) -> None:
    if account.slot_id is not None and books.slots.get(account.slot_id) != account.id:
        books.report("T3", f"{account.id} is connected, and slot {account.slot_id} does not know.")
    pausing.all_paused(books, account)
    pausing.all_waiting(books, account)
    for name in books.of_account.get(account.id, ()):
        _lane(books, account, name)


def _lane(books: Books, account: Account, name: str) -> None:
    campaign = books.campaigns[name]
    lane = campaign.lane(account.id)
    match account.status:
        case ConnectionStatus.FAILED if campaign.rotates and (lane.listed or lane.at_stake):
            if lane.running is None and not _had_its_outcome(account, lane.clock):
                books.report("S1", f"{account.id} has failed, and no clock runs in {name}.")
        case ConnectionStatus.DISCONNECTED if lane.listed:
            books.report("T2", f"{name} still lists {account.id}, which is disconnected.")
        case ConnectionStatus.SUCCESSFUL:
            if _should_be_cured(account, lane.running):
                books.report("C5", f"{account.id} works again, and its clock runs on in {name}.")
            if f"connection:{account.id}" in campaign.causes:
                books.report("P2", f"{account.id} works again, and still pauses {name}.")
        case _:
            pass


def _had_its_outcome(account: Account, clock: Clock | None) -> bool:
    """S6: whether the clock was of the open incident; a send known only from Sent folders may have
    come after its outcome (M6)."""
    incident = account.incidents.get(clock.incident_id) if clock is not None else None
    return incident is not None and not incident.over


def _should_be_cured(account: Account, clock: Clock | None) -> bool:
    """C6: whether the account's check must have cured the clock; one after the deadline must not,
    as the clock waits for another check."""
    if clock is None or clock.kind is not IncidentKind.FAILURE:
        return False
    return account.healthy_at is None or account.healthy_at <= clock.deadline_at
