"""Rebate programmes. Key: the programme's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published


class RebateTier(Part):
    """Rate (millionths) of volume from `start` on."""

    start: int
    rate: int


class RebateProgrammePublished(Published):
    """A rebate programme counts from now on."""

    id: UUID
    name: str
    kind: str
    tiers: list[RebateTier]
    valid_from: date
    valid_to: date
    period: str
    product_lines: list[str]
    partner_ids: list[UUID]
    version: int

    TYPE: ClassVar[str] = "channels.rebate_programme.published.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": "01989f2e-0000-7000-8000-0000000000f9",
        "name": "Volume 2026",
        "kind": "marginal",
        "tiers": [{"start": 0, "rate": 10000}, {"start": 10000, "rate": 20000}],
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "period": "quarter",
        "product_lines": [],
        "partner_ids": [],
        "version": 1,
    }


PUBLISHED: tuple[type[Published], ...] = (RebateProgrammePublished,)
AGREED: tuple[type[Published], ...] = ()
