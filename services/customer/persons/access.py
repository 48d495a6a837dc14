"""Who sees personal values in full."""

from __future__ import annotations

from kit.security.principals import Actor, Grants
from services.customer.roles import SELLERS, SERVICE_AGENT

PII = "pii:read"

GRANTS: Grants = {PII: SELLERS | {SERVICE_AGENT}}


def may_read_pii(actor: Actor) -> bool:
    """Whether the caller sees addresses, phone numbers and birthdays in full, and finds people by them."""
    return actor.may(PII)
