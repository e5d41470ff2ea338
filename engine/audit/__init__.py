"""The auditor: checks a whole history against every rule of the law that a history can show.

It reads facts in order and keeps its own books, from the text of the law alone, so that it does not
repeat a mistake of the aggregates. Pure: pages go in, violations come out. There is one module for
each group of rules.
"""

from engine.audit.auditor import Auditor
from engine.audit.violation import Violation

__all__ = ["Auditor", "Violation"]
