"""Bodies of criteria."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import Code, PositiveShare, Schema, Text
from services.channels.partner_criteria.enums import PartnerCriteriaState, PartnerCriterionGroup

Points = Annotated[int, Field(strict=True, ge=0, le=100, description="points, 0 to 100")]
PositivePoints = Annotated[int, Field(strict=True, ge=1, le=100, description="points, 1 to 100")]
PassMark = Annotated[int, Field(strict=True, ge=0, le=10_000, description="hundredths of a point")]


class PartnerCriterionBody(Schema):
    """What an applicant is scored by; a score below `knock_out` fails it, whatever the rest."""

    code: Code
    group: PartnerCriterionGroup
    weight: PositiveShare
    knock_out: PositivePoints | None = None
    note: Text = ""


class PartnerGroupMinimumBody(Schema):
    """The least weighted mean of a group, in points."""

    group: PartnerCriterionGroup
    minimum: PositivePoints


_TERMS: dict[str, Any] = {
    "criteria": [
        {"code": "payment_history", "group": "reputation", "weight": 400000, "knock_out": 40},
        {"code": "coverage", "group": "strength", "weight": 350000},
        {"code": "commitment", "group": "willingness", "weight": 250000},
    ],
    "group_minimums": [{"group": "strength", "minimum": 50}],
    "pass_mark": 7000,
}


class PartnerCriteriaReplace(Schema):
    """All of a version: weights sum to 1000000; the least of a group is of the weighted mean of its criteria; the pass
    mark is of sum(weight x score), in hundredths of a point."""

    model_config = ConfigDict(json_schema_extra={"example": _TERMS})

    criteria: Annotated[list[PartnerCriterionBody], Field(min_length=1, max_length=100)]
    group_minimums: Annotated[list[PartnerGroupMinimumBody], Field(max_length=3)] = Field(default_factory=list)
    pass_mark: PassMark


class PartnerCriteriaCreate(PartnerCriteriaReplace):
    """A version, as a draft."""


class PartnerCriteriaRead(Schema):
    """A version of the criteria; its number (`criteria_version`) is given when it is published."""

    id: UUID
    criteria_version: int | None
    criteria: list[PartnerCriterionBody]
    group_minimums: list[PartnerGroupMinimumBody]
    pass_mark: int
    state: PartnerCriteriaState
    written_by: str
    published_by: str | None
    published_on: date | None
    version: int
    created_at: datetime
    updated_at: datetime
