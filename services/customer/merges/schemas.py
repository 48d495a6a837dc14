"""Bodies and answers of merges."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.lists import page_of
from kit.web.schema import Label, Schema
from services.customer.merges.enums import MergeSide, MergeState

Chosen = Literal[
    "name", "local_name", "country", "region", "tax_id", "business_type", "industry", "employees",
    "annual_revenue_base", "website", "phone", "address",
]  # fmt: skip
Fields = Annotated[
    dict[Chosen, MergeSide],
    Field(description="whose value the survivor has; by default its own, or the other's where it has none"),
]


class MergeCreate(Schema):
    """The account that is merged into the one of the path; with `dry_run` nothing is done."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "merged_id": "01989f2e-0000-7000-8000-00000000001d",
                "fields": {"phone": "merged"},
                "reason": "One customer, entered twice",
            }
        }
    )

    merged_id: UUID
    fields: Fields = Field(default_factory=dict)
    accept_different_tax_id: bool = Field(default=False, description="needs a `reason`")
    reason: Label | None = None
    dry_run: bool = False


class UnmergeCreate(Schema):
    """Take a merge back; with `dry_run` nothing is done."""

    model_config = ConfigDict(json_schema_extra={"example": {"dry_run": True}})

    dry_run: bool = False


class MergeFieldRead(Schema):
    """A field that changes, before and after on both sides. Personal values of persons, and tax ids for who may not
    read them, are left out (null)."""

    field: str
    survivor_before: Any
    survivor_after: Any
    merged_before: Any
    merged_after: Any


class MergeSummary(Schema):
    """A merge: `merged_id` reads as `survivor_id` while it stands. `kept` are fields that an unmerge left as they were,
    because they had changed since."""

    id: UUID
    version: int
    survivor_id: UUID
    merged_id: UUID
    state: MergeState
    reason: str | None
    merged_by: str
    merged_at: datetime
    unmerged_by: str | None
    unmerged_at: datetime | None
    kept: list[str]
    created_at: datetime
    updated_at: datetime


class MergeRead(MergeSummary):
    """A merge with the fields that it changed."""

    fields: list[MergeFieldRead]


class MergeChildren(Schema):
    """How many rows are filed under the merged account; they stay there, and read as the survivor's."""

    orders: int
    payments: int
    contacts: int
    opportunities: int
    activities: int
    cases: int


class MergeOutcome(Schema):
    """What a merge or unmerge does: `merge_id` is null in a dry run of a merge. `losing_sight` are the owners of merged
    accounts who do not own the one that these read as then (`owner_id`); of an unmerge, the owners who do not own what
    is given back."""

    merge_id: UUID | None
    dry_run: bool
    survivor_id: UUID
    merged_id: UUID
    root_id: UUID
    owner_id: UUID | None
    fields: list[MergeFieldRead]
    kept: list[str]
    children: MergeChildren
    losing_sight: list[UUID]


MergePage = page_of(MergeSummary)
