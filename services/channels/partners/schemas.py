"""Schemas of partners."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from kit.web.schema import ABSENT, Code, Label, Schema
from services.channels.partners.enums import PartnerKind, PartnerState


def _distinct(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ValueError("each region once")
    return values


Regions = Annotated[list[Code], Field(max_length=100), AfterValidator(_distinct)]


class PartnerCreate(Schema):
    """A partner that applies."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"code": "P-001", "name": "Harbour Distribution", "kind": "distributor", "regions": ["CN-SH"]}
        }
    )

    code: Code
    name: Label
    kind: PartnerKind
    regions: Regions = Field(default_factory=list)


class PartnerUpdate(Schema):
    """Fields to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"regions": ["CN-SH", "CN-ZJ"]}})

    name: Label = ABSENT
    kind: PartnerKind = ABSENT
    regions: Regions = ABSENT


class PartnerSuspend(Schema):
    """Why a partner may not sell for now."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Licence expired"}})

    reason: Label


class PartnerRead(Schema):
    """A partner."""

    id: UUID
    code: str
    name: str
    kind: PartnerKind
    state: PartnerState
    regions: list[str]
    version: int
    created_at: datetime
    updated_at: datetime
