"""Who may do what in the risk service, and which records they see."""

from __future__ import annotations

from collections.abc import Mapping

from kit.clock import business_date
from kit.security.principals import Reach, Scope, resolve_scope
from kit.web.context import Context

PERMISSIONS: Mapping[str, frozenset[str]] = {}

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


async def scope_of(context: Context) -> Scope:
    """The caller's record scope."""
    today = business_date(context.runtime.settings.timezone)
    return await resolve_scope(context.tx, context.actor, REACHES, today)
