"""Bodies of the policies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import BusinessDate, Label, Schema, Share
from services.channels.channel_policies.enums import ChannelPolicyKind, ConflictSeverity

MOST_DAYS = 730


class ConflictSeveritiesBody(Schema):
    """How grave a conflict of each kind is at first."""

    same_customer: ConflictSeverity = ConflictSeverity.MEDIUM
    partner_direct: ConflictSeverity = ConflictSeverity.MEDIUM
    territory_breach: ConflictSeverity = ConflictSeverity.HIGH
    cross_region: ConflictSeverity = ConflictSeverity.HIGH
    exclusivity_breach: ConflictSeverity = ConflictSeverity.HIGH
    price_undercut: ConflictSeverity = ConflictSeverity.MEDIUM


class ConflictRulesBody(Schema):
    """Two orders of one customer through two partners are in conflict when their dates are up to `window_days` apart.
    `tolerance` is the share of its list price by which a piece may be sold below what was agreed: unit prices are
    rounded."""

    window_days: Annotated[int, Field(strict=True, ge=1, le=MOST_DAYS)] = 90
    tolerance: Share = 10_000
    severities: ConflictSeveritiesBody = Field(default_factory=ConflictSeveritiesBody)


class ChannelPolicySet(Schema):
    """The next version of a kind of policy, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "conflict",
                "valid_from": "2100-01-01",
                "rules": {"window_days": 60, "tolerance": 20000},
                "reason": "Shorter cycles",
            }
        }
    )

    kind: Literal[ChannelPolicyKind.CONFLICT]
    valid_from: BusinessDate = Field(description="the day from which it holds, today or later")
    rules: ConflictRulesBody
    reason: Label


class ChannelPolicyRead(Schema):
    """A version of a kind of policy, `version` its number. Of those that have begun by a day the newest holds on it."""

    id: UUID
    kind: ChannelPolicyKind
    version: int
    valid_from: date
    rules: ConflictRulesBody
    reason: str
    author: str
    created_at: datetime
    updated_at: datetime
