"""Bodies of tier programmes: amounts are minor units of the base currency, shares millionths."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.money import SHARE_WHOLE
from kit.web.schema import BusinessDate, Code, Count, Label, NonNegativeAmount, Schema, Share
from services.channels.tier_programmes.enums import TierProgrammeState

Growth = Annotated[int, Field(strict=True, ge=-SHARE_WHOLE, le=1000 * SHARE_WHOLE, description="millionths")]
Rank = Annotated[int, Field(strict=True, ge=1, le=1000)]
Most = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Perks = Annotated[list[Label], Field(max_length=50)]


class TierThresholdsBody(Schema):
    """What a level asks for, of the period of an evaluation; what is left out is not asked. All of it must hold.

    - `revenue`: least net, less returns, of the partner's orders. `growth`: least change against the period before.
    - `deals_won`: least share of won deals among those won, expired or rejected, of which there must be three.
    - `certificates`: how many are valid on the last day. `satisfaction`: least mean of at least five answers.
    - `conflicts`: the most conflicts that were decided to be the partner's fault.
    """

    revenue: NonNegativeAmount | None = None
    growth: Growth | None = None
    deals_won: Share | None = None
    certificates: Count | None = None
    satisfaction: Share | None = None
    conflicts: Most | None = None


class TierBenefitsBody(Schema):
    """What a level gives: a discount on list prices, and whatever else is promised."""

    discount: Share = 0
    perks: Perks = Field(default_factory=list)


class TierLevelBody(Schema):
    """A level; of two the one with the higher rank is more."""

    code: Code
    name: Label
    rank: Rank
    thresholds: TierThresholdsBody = Field(default_factory=TierThresholdsBody)
    benefits: TierBenefitsBody = Field(default_factory=TierBenefitsBody)


Levels = Annotated[list[TierLevelBody], Field(min_length=1, max_length=20)]
_TERMS: dict[str, Any] = {
    "name": "Partner levels",
    "valid_from": "2025-01-01",
    "levels": [
        {"code": "silver", "name": "Silver", "rank": 1, "thresholds": {"revenue": 20000000}},
        {
            "code": "gold",
            "name": "Gold",
            "rank": 2,
            "thresholds": {"revenue": 100000000, "growth": 50000, "deals_won": 400000, "conflicts": 1},
            "benefits": {"discount": 50000, "perks": ["Own account manager"]},
        },
    ],
}


class TierProgrammeReplace(Schema):
    """All terms of a draft but its code."""

    model_config = ConfigDict(json_schema_extra={"example": _TERMS})

    name: Label
    valid_from: BusinessDate
    levels: Levels


class TierProgrammeCreate(TierProgrammeReplace):
    """Version 1 of a programme; it counts for periods that end on `valid_from` or later."""

    model_config = ConfigDict(json_schema_extra={"example": {"code": "LEVELS", **_TERMS}})

    code: Code


class TierProgrammeRevise(Schema):
    """The day from which the next version counts, later than that of every version published so far."""

    model_config = ConfigDict(json_schema_extra={"example": {"valid_from": "2100-01-01"}})

    valid_from: BusinessDate


class TierProgrammeRead(Schema):
    """A version of a tier programme; levels from the lowest up."""

    id: UUID
    code: str
    programme_version: int
    name: str
    levels: list[TierLevelBody]
    valid_from: date
    state: TierProgrammeState
    created_by: str
    published_by: str | None
    published_on: date | None
    version: int
    created_at: datetime
    updated_at: datetime
