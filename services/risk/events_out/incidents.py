"""Incidents. Key: the incident's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, sample_id


class IncidentSnapshot(Part):
    """An incident; amounts are minor units of the base currency."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"

    id: UUID
    risk_id: UUID | None
    risk_class: Literal["market", "customer", "competition", "policy", "operation", "credit", "supply", "compliance"]
    state: Literal["recorded", "analysed", "closed"]
    owner_id: UUID | None
    occurred_on: date
    discovered_on: date
    gross_loss: int
    recoveries: int
    version: int
    changed: list[str]
    business_date: date


class IncidentRecorded(Published, IncidentSnapshot):
    """An incident was recorded, or what is recorded of it has changed: it was corrected, analysed or closed."""

    TYPE: ClassVar[str] = "risk.incident.recorded.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": sample_id("9a"),
        "risk_id": sample_id("95"),
        "risk_class": "credit",
        "state": "recorded",
        "owner_id": sample_id("a3"),
        "occurred_on": "2025-11-03",
        "discovered_on": "2025-11-17",
        "gross_loss": 1250000,
        "recoveries": 200000,
        "version": 1,
        "changed": [],
        "business_date": "2026-02-14",
    }


PUBLISHED: tuple[type[Published], ...] = (IncidentRecorded,)
AGREED: tuple[type[Published], ...] = ()
