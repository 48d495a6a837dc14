"""Who may do what with partners, and who sees tax ids, bank accounts and the contacts' addresses in full; they have no
scope: who may read them sees all."""

from __future__ import annotations

from typing import Final

from kit.security.principals import Actor, Grants
from services.channels.roles import CHANNEL_MANAGER, EVERYONE, LEADERS

PII: Final = "partner-pii:read"

GRANTS: Grants = {
    "partners:read": EVERYONE,
    "partners:write": frozenset({CHANNEL_MANAGER}),
    PII: LEADERS | {CHANNEL_MANAGER},
}


def may_read_pii(actor: Actor) -> bool:
    """Whether the caller sees what is sealed of partners and of their contacts in full, and finds them by it."""
    return actor.may(PII)
