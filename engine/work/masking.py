"""Personal data as shown to callers who may not see it (F1)."""

from engine.work.permissions import Act, Caller
from engine.work.ports import Person

HIDDEN = "…"


def shown(person: Person, caller: Caller) -> Person:
    """The person as the caller may see them: in full, or the initials and the domain."""
    if caller.may(Act.READ_PERSONS):
        return person
    return Person(masked(person.address), masked_name(person.name))


def masked(address: str) -> str:
    """``ann@acme.test`` → ``a…@acme.test``."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}{HIDDEN}{at}{domain}"


def masked_name(name: str) -> str:
    """``Ann Lee`` → ``A… L…``."""
    return " ".join(f"{each[:1]}{HIDDEN}" for each in name.split())
