"""Who may do what with contacts, and who sees them in full; whose they are is the account's affair."""

from __future__ import annotations

from kit.security.principals import Actor, Grants
from services.customer.roles import EVERYONE, SELLERS, SERVICE_AGENT

PII = "pii:read"

GRANTS: Grants = {
    "contacts:read": EVERYONE,
    "contacts:write": SELLERS | {SERVICE_AGENT},
    PII: SELLERS | {SERVICE_AGENT},
}


def may_read_pii(actor: Actor) -> bool:
    """Whether the caller sees addresses, phone numbers and birthdays in full, and finds people by them."""
    return actor.may(PII)
