"""Who may do what with accounts, and who sees their tax ids."""

from __future__ import annotations

from kit.security.fields import FieldPolicy, FieldRule, level
from kit.security.principals import Actor, Grants
from services.customer.roles import EVERYONE, LEADERS, RISK_OFFICER, SELLERS, SERVICE_AGENT

GRANTS: Grants = {
    "accounts:read": EVERYONE,
    "accounts:write": SELLERS | {SERVICE_AGENT},
    "accounts:transfer": LEADERS,
    "tax-ids:read": SELLERS | {RISK_OFFICER},
}

FIELDS: FieldPolicy = {"tax_id": FieldRule("tax-ids:read")}
"""Who serves or sells to a customer through others recognises a tax id without learning it."""


def may_read_tax_ids(actor: Actor) -> bool:
    """Whether the caller sees tax ids in full."""
    return level(FIELDS["tax_id"], actor) == "full"
