"""Every operation of the API, in one table."""

from adapters.http.commands.accounts import ACCOUNTS
from adapters.http.commands.campaigns import CAMPAIGNS
from adapters.http.commands.fleet import FLEET
from adapters.http.commands.machine import MACHINE
from adapters.http.commands.recipients import RECIPIENTS

OPERATIONS = (*ACCOUNTS, *CAMPAIGNS, *RECIPIENTS, *FLEET, *MACHINE)
NAMED = {each.name: each for each in OPERATIONS}
