"""Treatments of risks. Key: the treatment's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, sample_id


class TreatmentSnapshot(Part):
    """What is done about a risk; costs are minor units of the base currency, `cost_once` is shared by
    `lifetime_years`."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"

    id: UUID
    risk_id: UUID
    response: Literal["avoid", "mitigate", "transfer", "diversify", "accept"]
    state: Literal["planned", "approved", "in_progress", "completed", "verified", "cancelled", "expired"]
    currency: str
    cost_once: int
    cost_yearly: int
    lifetime_years: int
    started_on: date | None
    completed_on: date | None
    version: int
    business_date: date


_TREATMENT: dict[str, Any] = {
    "id": sample_id("9d"),
    "risk_id": sample_id("95"),
    "response": "mitigate",
    "state": "planned",
    "currency": "USD",
    "cost_once": 3000000,
    "cost_yearly": 1000000,
    "lifetime_years": 3,
    "started_on": None,
    "completed_on": None,
    "version": 1,
    "business_date": "2026-02-14",
}


class TreatmentPlanned(Published, TreatmentSnapshot):
    """Something is to be done about a risk, or it is to be accepted."""

    TYPE: ClassVar[str] = "risk.treatment.planned.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _TREATMENT


class TreatmentCompleted(Published, TreatmentSnapshot):
    """A treatment is done; `hhi_reached` is the concentration of exposures that a diversification has left."""

    hhi_reached: int | None

    TYPE: ClassVar[str] = "risk.treatment.completed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_TREATMENT,
        "state": "completed",
        "started_on": "2026-03-01",
        "completed_on": "2026-06-30",
        "version": 4,
        "business_date": "2026-06-30",
        "hhi_reached": None,
    }


PUBLISHED: tuple[type[Published], ...] = (TreatmentPlanned, TreatmentCompleted)
AGREED: tuple[type[Published], ...] = ()
