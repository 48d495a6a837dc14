"""Territories of the organisation. The constant key of the units."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Published, sample_id
from services.targets.events_out.units import ORGANISATION_KEY


class TerritoryChanged(Published):
    """A territory was made, changed or ended. It is a member's or a unit's, from `valid_from` to `valid_to` (both
    included), and holds the accounts that it names and those in one of its regions (ISO 3166, a country holds its
    regions) and industries (`scheme:code`, each holds what is below it) where such are given."""

    id: UUID
    code: str
    member_id: UUID | None
    unit_id: UUID | None
    regions: list[str]
    industries: list[str]
    account_ids: list[UUID]
    valid_from: date
    valid_to: date | None
    version: int
    changed: list[str]
    business_date: date

    TYPE: ClassVar[str] = "targets.territory.changed.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = f"={ORGANISATION_KEY}"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": sample_id("d7"),
        "code": "east-retail",
        "member_id": sample_id("a1"),
        "unit_id": None,
        "regions": ["CN-SH", "CN-ZJ"],
        "industries": ["gbt4754:F"],
        "account_ids": [sample_id("1")],
        "valid_from": "2026-01-01",
        "valid_to": None,
        "version": 1,
        "changed": [],
        "business_date": "2026-02-14",
    }


PUBLISHED: tuple[type[Published], ...] = (TerritoryChanged,)
AGREED: tuple[type[Published], ...] = ()
