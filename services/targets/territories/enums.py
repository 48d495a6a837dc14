"""Why a territory holds an account, and what decided between several."""

from __future__ import annotations

from enum import StrEnum


class TerritoryReason(StrEnum):
    """Why a territory holds an account, the strongest first."""

    NAMED_ACCOUNT = "named_account"
    REGION_AND_INDUSTRY = "region_and_industry"
    REGION = "region"
    INDUSTRY = "industry"


class TerritoryDecision(StrEnum):
    """What decided: no other holds the account, the others hold it for a weaker reason, began later, or have a later
    code."""

    ONLY = "only"
    REASON = "reason"
    VALID_FROM = "valid_from"
    CODE = "code"


LEVELS = tuple(TerritoryReason)
"""Reasons by their level, counted from 1."""
