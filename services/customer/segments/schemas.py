"""Bodies and answers of segments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from kit.db.saved_filters import MAX_LENGTH
from kit.web.lists import page_of
from kit.web.schema import ABSENT, Label, Schema
from services.customer.segments.enums import SegmentResource

GivenFilter = Annotated[
    str,
    Field(
        max_length=MAX_LENGTH,
        description="a query string of the list of accounts or contacts; "
        "`segment` asks for members of any of these segments",
    ),
]
GivenIds = Annotated[
    list[UUID], Field(min_length=1, max_length=5_000), AfterValidator(lambda ids: list(dict.fromkeys(ids)))
]
_EXAMPLE: dict[str, Any] = {
    "name": "Large and silent",
    "resource": "account",
    "filter": "size_class[in]=large,medium&last_order_date[lt]=today-180d",
}


class SegmentCreate(Schema):
    """A new segment of accounts or contacts: those that `filter` chooses, or those of `ids`."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    name: Label
    resource: SegmentResource
    filter: GivenFilter | None = None
    ids: GivenIds | None = None


class SegmentUpdate(Schema):
    """Fields to change; a segment of a filter keeps one, a segment of ids keeps ids."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Large, and silent for long"}})

    name: Label = ABSENT
    filter: GivenFilter = ABSENT
    ids: GivenIds = ABSENT


class SegmentRead(Schema):
    """A segment; `size` counts its members at `refreshed_at`, whoever sees them."""

    id: UUID
    version: int
    name: str
    resource: SegmentResource
    filter: str | None
    ids: list[UUID]
    owner_id: UUID | None
    size: int
    refreshed_at: datetime
    created_by: str
    created_at: datetime
    updated_at: datetime


class SegmentMemberRead(Schema):
    """An account or a contact in a segment, and since when; `owner_id` is who has the account."""

    id: UUID
    name: str
    owner_id: UUID | None
    joined_at: datetime


SegmentPage = page_of(SegmentRead)
SegmentMemberPage = page_of(SegmentMemberRead)
