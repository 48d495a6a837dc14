"""Who may do what in the customer service, and which records they see."""

from __future__ import annotations

from collections.abc import Mapping

from kit.security.fields import FieldPolicy, FieldRule, level
from kit.security.principals import Actor, Reach

_READ = frozenset({"accounts:read", "orders:read", "payments:read", "exchange-rates:read", "sellers:read"})
_SELL = _READ | {"accounts:write", "orders:write", "tax-ids:read"}
_LEAD = _SELL | {"orders:backdate", "payments:write"}

PERMISSIONS: Mapping[str, frozenset[str]] = {
    "administrator": _LEAD | {"exchange-rates:write", "operations:read", "operations:write"},
    "sales_director": _LEAD | {"exchange-rates:write"},
    "sales_manager": _LEAD,
    "sales_rep": _SELL,
    "risk_officer": _READ | {"payments:write", "tax-ids:read"},
    "channel_manager": _READ,
    "service_agent": _READ | {"accounts:write"},
    "auditor": _READ | {"operations:read"},
}

ACCOUNT_FIELDS: FieldPolicy = {"tax_id": FieldRule("tax-ids:read")}
"""Who serves or sells to a customer through others recognises a tax id without learning it."""


def may_read_tax_ids(actor: Actor) -> bool:
    """Whether the caller sees tax ids in full."""
    return level(ACCOUNT_FIELDS["tax_id"], actor) == "full"


REACHES: Mapping[str, Reach] = {
    "administrator": "all",
    "sales_director": "all",
    "risk_officer": "all",
    "channel_manager": "all",
    "service_agent": "all",
    "auditor": "all",
    "sales_manager": "subtree",
    "sales_rep": "own",
}
