"""Every operation of the API, in one table."""

from adapters.http.commands.accounts import ACCOUNTS
from adapters.http.commands.campaigns import CAMPAIGNS
from adapters.http.commands.consents import CONSENTS
from adapters.http.commands.fleet import FLEET
from adapters.http.commands.machine import MACHINE
from adapters.http.commands.recipients import RECIPIENTS
from adapters.http.commands.webhooks import WEBHOOKS

OPERATIONS = (
    *(*ACCOUNTS, *CONSENTS, *CAMPAIGNS, *RECIPIENTS),
    *(*FLEET, *MACHINE, *WEBHOOKS),
)
NAMED = {each.name: each for each in OPERATIONS}
