"""Who may quote, who decides on quotes, how much of a line a seller may take off alone; what of them shows cost."""

from __future__ import annotations

from kit.security.fields import FieldPolicy, FieldRule
from kit.security.principals import Actor, Grants
from services.channels.channel_policies.bodies import DiscountRulesBody
from services.channels.roles import (
    ADMINISTRATOR,
    AUDITOR,
    CHANNEL_MANAGER,
    LEADERS,
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
    "quotes:backdate": LEADERS,
    "quotes:approve": frozenset({SALES_DIRECTOR}),
}
_COST = FieldRule("costs:read", otherwise="none")
LIST_FIELDS: FieldPolicy = {"cost_base": _COST}
QUOTE_FIELDS: FieldPolicy = {"cost_base": _COST, "margin": _COST}
LINE_FIELDS: FieldPolicy = {"unit_cost_base": _COST, "floor": _COST, "margin": _COST}


def manual_share_of(actor: Actor, shares: DiscountRulesBody) -> int:
    """The largest share of the caller's roles, of what a line costs after promotions; none of them: nothing."""
    of = {
        SALES_REP: shares.sales_rep,
        SALES_MANAGER: shares.sales_manager,
        SALES_DIRECTOR: shares.sales_director,
        ADMINISTRATOR: shares.administrator,
    }
    return max((of.get(role, 0) for role in actor.roles), default=0)
