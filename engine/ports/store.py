"""A store: the log, transactions, the schedule and maintenance, by one product."""

from typing import Protocol

from engine.ports.log import Log
from engine.ports.maintenance import Maintenance
from engine.ports.schedule import Schedule
from engine.ports.transactions import Transactions


class Store(Log, Transactions, Schedule, Maintenance, Protocol):
    def close(self) -> None: ...
