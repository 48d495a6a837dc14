"""Targets. Key: the id of their root target."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published
from services.targets.events_out.units import UNIT


class TargetSnapshot(Part):
    """A target: metric, scope, period, amount."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "root_id"

    id: UUID
    root_id: UUID
    parent_id: UUID | None
    decomposition_id: UUID | None
    name: str
    metric: str
    state: str
    currency: str
    amount: int
    period_start: date
    period_end: date
    unit_id: UUID | None
    member_id: UUID | None
    product_line: str | None
    region: str | None
    customer_type: str | None
    version: int
    changed: list[str]


TARGET: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-0000000000c1",
    "root_id": "01989f2e-0000-7000-8000-0000000000c1",
    "parent_id": None,
    "decomposition_id": None,
    "name": "Revenue 2026 Q1",
    "metric": "revenue",
    "state": "active",
    "currency": "USD",
    "amount": 10000001,
    "period_start": "2026-01-01",
    "period_end": "2026-03-31",
    "unit_id": UNIT["id"],
    "member_id": None,
    "product_line": None,
    "region": None,
    "customer_type": None,
    "version": 2,
    "changed": ["state"],
}


class TargetActivated(Published, TargetSnapshot):
    """A target counts from now on."""

    TYPE: ClassVar[str] = "targets.target.activated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = TARGET


PUBLISHED: tuple[type[Published], ...] = (TargetActivated,)
