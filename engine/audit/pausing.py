"""P1-P3: starts, pauses and resumes, and the set of causes."""

from engine.audit.books import Account, Books, Campaign, Incident
from events import campaign as facts
from events.vocabulary import CampaignStatus, ConnectionStatus, IncidentKind, OnAccountTrouble

UNDER_WAY = (CampaignStatus.RUNNING, CampaignStatus.PAUSED)
USER, BOUNCES, CONNECTION = "user", "bounces", "connection:"


def started(books: Books, event: facts.CampaignStarted) -> None:
    """P3: only a draft is started, and only with an account that can send."""
    campaign = books.campaign(event.campaign_id)
    if campaign.status is not CampaignStatus.DRAFT:
        books.report("P3", f"{campaign.id} was started though it is {campaign.status}.")
    _nothing_holds(books, campaign, event.on_account_trouble)
    _run(campaign)


def resumed(books: Books, event: facts.CampaignResumed) -> None:
    """P3: a campaign is resumed only if no cause holds; a user who goes on without an account names
    it."""
    campaign = books.campaign(event.campaign_id)
    if campaign.status is not CampaignStatus.PAUSED:
        books.report("P3", f"{campaign.id} was resumed though it is {campaign.status}.")
    if not books.envelope.actor.startswith("user"):
        books.report("P2", f"{campaign.id} was resumed by {books.envelope.actor}, not by a user.")
    _nothing_holds(books, campaign, event.on_account_trouble)
    given_up = {each.account_id: (each.at_stake, each.deadline_at) for each in event.given_up}
    for account_id, lane in campaign.lanes.items():
        clock = lane.running
        if clock is None or clock.kind is not IncidentKind.DISCONNECT:
            continue
        if given_up.get(account_id) != (lane.at_stake, clock.deadline_at):
            books.report("P3", f"{campaign.id} goes on without {account_id}, not knowingly.")
    _run(campaign)
    campaign.causes.clear()


def _run(campaign: Campaign) -> None:
    """M8: bounces are counted anew from here."""
    campaign.status = CampaignStatus.RUNNING
    campaign.sends = campaign.bounces = 0


def _nothing_holds(books: Books, campaign: Campaign, policy: OnAccountTrouble) -> None:
    senders = books.senders(campaign)
    idle = [each for each in senders if not books.works(each)]
    if not senders:
        books.report("P3", f"{campaign.id} has nobody to send.")
    elif idle and campaign.rotates and policy is OnAccountTrouble.HOLD_SENDER:
        if len(idle) == len(senders):
            books.report("P3", f"Nobody in FROM EMAIL of {campaign.id} is successful.")
    elif idle:
        books.report("P3", f"{idle[0]} is not successful and holds {campaign.id} back.")


def paused(books: Books, event: facts.CampaignPaused) -> None:
    """P1, P2: a campaign under way is paused by a user, or because an account that it uses does not
    work."""
    campaign, cause = books.campaign(event.campaign_id), event.cause
    if campaign.status not in UNDER_WAY or cause in campaign.causes:
        books.report("P1", f"{campaign.id} is {campaign.status}, and {cause} is no new cause.")
    if cause == BOUNCES:
        _bounced_too_much(books, campaign, event)
    elif cause != USER:
        account_id = cause.removeprefix(CONNECTION)
        books.of_account.setdefault(account_id, {})[campaign.id] = None
        if books.works(account_id) or account_id not in books.accounts:
            books.report(
                "P1", f"{campaign.id} was paused for {account_id}, which is in no trouble."
            )
    elif not books.envelope.actor.startswith("user"):
        books.report("P2", f"{books.envelope.actor} paused {campaign.id} in the user's name.")
    campaign.causes.add(cause)
    campaign.status = CampaignStatus.PAUSED


def _bounced_too_much(books: Books, campaign: Campaign, event: facts.CampaignPaused) -> None:
    """M8: a campaign is paused for its bounces only if they pass the limit."""
    counted = campaign.bounces, campaign.sends
    enough = campaign.sends >= (event.sends_needed or 0)
    passed = campaign.bounces > (event.bounce_rate or 0) * campaign.sends
    if counted != (event.bounces, event.sends) or not enough or not passed:
        books.report("M8", f"{counted[0]} of {counted[1]} messages of {campaign.id} bounced.")


def cleared(books: Books, event: facts.PauseCauseCleared) -> None:
    """P2: a reconnect removes its own cause; the system never clears the user's."""
    campaign, cause = books.campaign(event.campaign_id), event.cause
    if cause not in campaign.causes:
        books.report("P2", f"{cause} was no pause cause of {campaign.id}.")
    if cause == USER:
        books.report("P2", f"The user's pause of {campaign.id} was cleared without the user.")
    elif campaign.rotates and not books.works(cause.removeprefix(CONNECTION)):
        books.report("P2", f"{cause} was cleared though that account does not work.")
    campaign.causes.discard(cause)


def finished(books: Books, event: facts.CampaignFinished) -> None:
    """A campaign is finished once every recipient is terminal."""
    campaign = books.campaign(event.campaign_id)
    if campaign.alive or campaign.status not in UNDER_WAY:
        left = f"{campaign.alive} recipients are not terminal"
        books.report("words", f"{campaign.id} finished as {campaign.status}; {left}.")
    campaign.status = CampaignStatus.FINISHED
    campaign.causes.clear()


def reopened(books: Books, event: facts.CampaignReopened) -> None:
    """An import that adds someone reopens a finished campaign."""
    campaign = books.campaign(event.campaign_id)
    if campaign.status is not CampaignStatus.FINISHED or not campaign.alive:
        books.report("words", f"{campaign.id} was reopened though it is {campaign.status}.")
    _run(campaign)
    campaign.reopened_at = event.occurred_at


def all_paused(books: Books, account: Account) -> None:
    """P1: after a command, every campaign that uses an account in trouble has its cause.

    Under *hold the sender* rotation campaigns run on.
    """
    incident = next(reversed(account.incidents.values()), None)
    if incident is None or account.status is ConnectionStatus.SUCCESSFUL:
        return
    cause = f"{CONNECTION}{account.id}"
    if incident.policy is OnAccountTrouble.HOLD_SENDER:
        return
    for name in books.of_account.get(account.id, ()):
        campaign = books.campaigns[name]
        uses = campaign.rotates and campaign.lane(account.id).listed
        runs = campaign.status is CampaignStatus.RUNNING and not _reopened_in(campaign, incident)
        if uses and runs and cause not in campaign.causes:
            books.report("P1", f"{name} runs on though it lists {account.id}, which is in trouble.")


def all_waiting(books: Books, account: Account) -> None:
    """P1: single-sender campaigns are paused, whatever the policy."""
    if account.status is not ConnectionStatus.FAILED:
        return
    incident = next(reversed(account.incidents.values()))
    for name in books.of_slot.get(account.slot_id or "", ()):
        campaign = books.campaigns[name]
        if campaign.status is CampaignStatus.RUNNING and not _reopened_in(campaign, incident):
            books.report("P1", f"{name} runs on though {account.id} in its slot has failed.")


def _reopened_in(campaign: Campaign, incident: Incident) -> bool:
    """An import reopened it while the account was in trouble: it runs, without causes."""
    return campaign.reopened_at is not None and campaign.reopened_at >= incident.opened_at
