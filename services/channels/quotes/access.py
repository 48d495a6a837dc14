"""Who may quote, who decides on quotes, how much of a line a seller may take off alone; what of them shows cost."""

from __future__ import annotations

from kit.money import SHARE_WHOLE
from kit.security.fields import FieldPolicy, FieldRule
from kit.security.principals import Actor, Grants
from services.channels.roles import (
    ADMINISTRATOR,
    AUDITOR,
    CHANNEL_MANAGER,
    RISK_OFFICER,
    SALES_DIRECTOR,
    SALES_MANAGER,
    SALES_REP,
    SELLERS,
)

READERS = SELLERS | {CHANNEL_MANAGER, RISK_OFFICER, AUDITOR}
GRANTS: Grants = {
    "quotes:read": READERS,
    "quotes:write": SELLERS,
    "quotes:approve": frozenset({SALES_DIRECTOR}),
}
MANUAL_SHARES = {SALES_REP: 50_000, SALES_MANAGER: 150_000, SALES_DIRECTOR: 300_000, ADMINISTRATOR: 300_000}
"""What of a line a role may take off without a second person, in millionths of what the line costs after promotions."""
_COST = FieldRule("costs:read", otherwise="none")
LIST_FIELDS: FieldPolicy = {"cost_base": _COST}
QUOTE_FIELDS: FieldPolicy = {"cost_base": _COST, "margin": _COST}
LINE_FIELDS: FieldPolicy = {"unit_cost_base": _COST, "floor": _COST, "margin": _COST}


def manual_share_of(actor: Actor) -> int:
    """The largest share of the caller's roles; none of them: nothing."""
    return min(SHARE_WHOLE, max((MANUAL_SHARES.get(role, 0) for role in actor.roles), default=0))
