"""Who may see prices, write them, and let them count; what of them shows cost."""

from __future__ import annotations

from kit.security.fields import FieldPolicy, FieldRule
from kit.security.principals import Grants
from services.channels.roles import AUDITOR, CHANNEL_MANAGER, RISK_OFFICER, SALES_DIRECTOR, SELLERS

GRANTS: Grants = {
    "prices:read": SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR},
    "prices:write": frozenset({CHANNEL_MANAGER}),
    "prices:publish": frozenset({SALES_DIRECTOR}),
}
_COST = FieldRule("costs:read", otherwise="none")
BOOK_FIELDS: FieldPolicy = {"min_markup": _COST}
ENTRY_FIELDS: FieldPolicy = {"markup": _COST}
