"""Schemas of channels."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from kit.web.batch import BatchBody
from kit.web.schema import ABSENT, Area, BusinessDate, Code, Label, LongText, Schema
from services.channels.channels.enums import ChannelKind, ChannelState


def _distinct(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ValueError("each region once")
    return values


Regions = Annotated[list[Area], Field(max_length=100), AfterValidator(_distinct)]


class ChannelRow(Schema):
    """A channel of a batch: `code` names it."""

    code: Code
    name: Label
    kind: ChannelKind
    is_direct: bool
    regions: Regions = Field(default_factory=list)


class ChannelCreate(ChannelRow):
    """A new channel."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "shop-cn",
                "name": "Web shop China",
                "kind": "own_site",
                "is_direct": True,
                "regions": ["CN"],
                "pilot_from": "2026-03-01",
                "pilot_to": "2026-05-31",
                "pilot_goals": "A hundred orders a week",
            }
        }
    )

    parent_id: UUID | None = None
    pilot_from: BusinessDate | None = None
    pilot_to: BusinessDate | None = None
    pilot_goals: LongText | None = None


class ChannelBatch(BatchBody):
    """Channels by code."""

    row_model = ChannelRow


class ChannelUpdate(Schema):
    """Fields to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"regions": ["CN-SH", "CN-ZJ"]}})

    name: Label = ABSENT
    kind: ChannelKind = ABSENT
    is_direct: bool = ABSENT
    regions: Regions = ABSENT
    parent_id: UUID | None = ABSENT
    pilot_from: BusinessDate | None = ABSENT
    pilot_to: BusinessDate | None = ABSENT
    pilot_goals: LongText | None = ABSENT


class ChannelItem(Schema):
    """A channel in a list."""

    id: UUID
    code: str
    name: str
    kind: ChannelKind
    is_direct: bool
    regions: list[str]
    parent_id: UUID | None
    pilot_from: date | None
    pilot_to: date | None
    state: ChannelState
    version: int
    created_at: datetime
    updated_at: datetime


class ChannelRead(ChannelItem):
    """A channel; `pilot_goals` is free text."""

    pilot_goals: str | None
