"""Studies of losses. Key: the study's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published, sample_id


class StudySnapshot(Part):
    """A study that is over; amounts are minor units of the base currency, of `horizon_months`."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"

    id: UUID
    owner_id: UUID | None
    scenario_ids: list[UUID]
    trials: int
    seed: int
    horizon_months: int
    is_reference: bool
    currency: str
    expected_loss: int
    var_95: int
    var_99: int
    version: int
    business_date: date


class StudyCompleted(Published, StudySnapshot):
    """A study has shown what may be lost; its results never change."""

    TYPE: ClassVar[str] = "risk.study.completed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": sample_id("9c"),
        "owner_id": sample_id("a3"),
        "scenario_ids": [sample_id("9b")],
        "trials": 100000,
        "seed": 1,
        "horizon_months": 12,
        "is_reference": True,
        "currency": "USD",
        "expected_loss": 13540000,
        "var_95": 41047000,
        "var_99": 65565000,
        "version": 3,
        "business_date": "2026-02-14",
    }


PUBLISHED: tuple[type[Published], ...] = (StudyCompleted,)
AGREED: tuple[type[Published], ...] = ()
