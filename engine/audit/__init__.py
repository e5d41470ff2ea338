"""The auditor: holds a whole history to every rule of the law that history can show.

Reads facts in order and keeps books of its own, by the law's words alone, so that a mistake of the
aggregates is not made twice. Pure: pages go in, violations come out. One module a group of rules.
"""

from engine.audit.auditor import Auditor
from engine.audit.violation import Violation

__all__ = ["Auditor", "Violation"]
