"""Roles of members."""

from __future__ import annotations

from enum import StrEnum


class MemberRole(StrEnum):
    """What a member does in the sales organisation."""

    SALES_DIRECTOR = "sales_director"
    SALES_MANAGER = "sales_manager"
    SALES_SUPERVISOR = "sales_supervisor"
    SALES_REP = "sales_rep"
    ACCOUNT_MANAGER = "account_manager"
    MARKET_SUPPORT = "market_support"
