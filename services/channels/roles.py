"""Roles of the company as tokens carry them, and whose records each of them sees."""

from __future__ import annotations

from collections.abc import Mapping

from kit.security.principals import Reach

ADMINISTRATOR = "administrator"
SALES_DIRECTOR = "sales_director"
SALES_MANAGER = "sales_manager"
SALES_REP = "sales_rep"
CHANNEL_MANAGER = "channel_manager"
SERVICE_AGENT = "service_agent"
RISK_OFFICER = "risk_officer"
AUDITOR = "auditor"

REACHES: Mapping[str, Reach] = {
    ADMINISTRATOR: "all",
    SALES_DIRECTOR: "all",
    RISK_OFFICER: "all",
    CHANNEL_MANAGER: "all",
    SERVICE_AGENT: "all",
    AUDITOR: "all",
    SALES_MANAGER: "subtree",
    SALES_REP: "own",
}

LEADERS = frozenset({SALES_DIRECTOR, SALES_MANAGER})
SELLERS = LEADERS | {SALES_REP}
EVERYONE = frozenset(REACHES)
