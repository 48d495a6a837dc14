"""Bodies and queries of the territories."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from kit.web.schema import ABSENT, BusinessDate, Code, Label, Schema
from services.targets.territories.enums import TerritoryDecision, TerritoryReason

_MEMBER = "01989f2e-0000-7000-8000-0000000000a1"
Regions = Annotated[
    list[Annotated[str, StringConstraints(max_length=6, pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]],
    Field(
        max_length=500, description="countries (ISO 3166-1) or their regions (ISO 3166-2); a country holds its regions"
    ),
]
Industries = Annotated[
    list[Annotated[str, StringConstraints(max_length=12, pattern=r"^(gbt4754|isic):([A-U]|[0-9]{2,4})$")]],
    Field(
        max_length=500,
        description="`scheme:code` of GB/T 4754 or ISIC: a section's letter, or digits; each holds what is below it",
    ),
]
Accounts = Annotated[list[UUID], Field(max_length=2_000, description="named accounts")]


class TerritoryCreate(Schema):
    """What a member or a unit answers for: accounts by name, and those that are in one of the regions and in one of the
    industries (of either kind that is given). From `valid_from` to `valid_to`, both included; null: open."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "east-retail",
                "name": "East, retail",
                "member_id": _MEMBER,
                "regions": ["CN-SH", "CN-ZJ"],
                "industries": ["gbt4754:F"],
                "valid_from": "2026-01-01",
            }
        }
    )

    code: Code
    name: Label
    member_id: UUID | None = None
    unit_id: UUID | None = None
    regions: Regions = Field(default_factory=list)
    industries: Industries = Field(default_factory=list)
    account_ids: Accounts = Field(default_factory=list)
    valid_from: BusinessDate
    valid_to: BusinessDate | None = None


class TerritoryUpdate(Schema):
    """New values; what is absent stays. They hold for all days of the territory: to keep what was, end it and make
    another."""

    model_config = ConfigDict(json_schema_extra={"example": {"regions": ["CN-SH", "CN-ZJ", "CN-JS"]}})

    name: Label = ABSENT
    member_id: UUID | None = None
    unit_id: UUID | None = None
    regions: Regions = ABSENT
    industries: Industries = ABSENT
    account_ids: Accounts = ABSENT
    valid_from: BusinessDate = ABSENT
    valid_to: BusinessDate | None = None


class TerritoryEnd(Schema):
    """`on` is the last day."""

    model_config = ConfigDict(json_schema_extra={"example": {"on": "2026-12-31"}})

    on: BusinessDate


class TerritoryRead(Schema):
    """A territory."""

    id: UUID
    code: str
    name: str
    member_id: UUID | None
    unit_id: UUID | None
    regions: list[str]
    industries: list[str]
    account_ids: list[UUID]
    valid_from: date
    valid_to: date | None
    version: int
    created_at: datetime
    updated_at: datetime


class ResolveQuery(Schema):
    """Of which account, on which day."""

    account_id: UUID
    on: BusinessDate | None = Field(default=None, description="without it, today")


class CoverageQuery(Schema):
    """Of which day."""

    on: BusinessDate | None = Field(default=None, description="without it, today")


class TerritoryClaim(Schema):
    """A territory that holds the account, and why; `is_vacant`: its member belongs to no unit on the day."""

    id: UUID
    code: str
    name: str
    member_id: UUID | None
    unit_id: UUID | None
    is_vacant: bool
    reason: TerritoryReason
    valid_from: date
    valid_to: date | None


class TerritoryResolution(Schema):
    """Who answers for an account. `account_id` is the one that it reads as after merges, `filed_account_id` the one
    that was asked for; `region` (without one its country) and `industry` are those by which it was looked for.
    `territory` is null where none holds it; `others`, at most 20, come next, in order; `decided_by` says what the first
    has before them."""

    account_id: UUID
    filed_account_id: UUID
    on: date
    region: str | None
    industry: str | None
    territory: TerritoryClaim | None
    decided_by: TerritoryDecision | None
    others: list[TerritoryClaim]
    others_total: int


class TerritoryOverlap(Schema):
    """Two territories that hold something for the same reason; the first wins by its day or code. `accounts`: how many
    have both as their strongest."""

    first_id: UUID
    first_code: str
    second_id: UUID
    second_code: str
    reason: TerritoryReason
    accounts: int


class TerritoryGap(Schema):
    """Accounts that no territory holds."""

    region: str | None
    industry: str | None
    accounts: int


class TerritoryVacancy(Schema):
    """A territory of a member who belongs to no unit."""

    id: UUID
    code: str
    member_id: UUID


class TerritoryCoverage(Schema):
    """What the territories of a day hold of the accounts that the caller sees and that are not archived (`sample_size`;
    merged ones are one). Each list has at most 500 entries, those with the most accounts first."""

    as_of: date
    formula_version: int
    sample_size: int
    held: int
    territories: int
    overlaps: list[TerritoryOverlap]
    overlaps_total: int
    gaps: list[TerritoryGap]
    gaps_total: int
    vacant: list[TerritoryVacancy]
    vacant_total: int
