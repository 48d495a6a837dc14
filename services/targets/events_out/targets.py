"""Targets. Key: the id of their root target."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id
from services.targets.events_out.units import UNIT

AmountUnit = Literal["minor_unit", "thousandth"]
"""Money is counted in minor units of `currency`; pieces, customers, visits and answers in thousandths."""


class TargetSnapshot(Part):
    """A target: metric, scope, period, amount.

    `amount` is in `amount_unit` (absent: minor units); of a rate it is the planned numerator and `base` the planned
    denominator. `currency` of a count is the base currency. `version` counts the changes, `reason` says why the last.
    `is_balancing`: nobody's, it holds what its siblings are beyond (below 0) or short of what is split.
    """

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
    owner_id: UUID | None = None
    channel_id: UUID | None = None
    amount_unit: AmountUnit | None = None
    base: int | None = None
    stretch: int | None = None
    plan_id: UUID | None = None
    reason: ReasonCode | None = None
    is_balancing: bool = False


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
    "owner_id": "01989f2e-0000-7000-8000-0000000000a3",
    "channel_id": None,
    "amount_unit": "minor_unit",
    "base": None,
    "stretch": 11000000,
    "plan_id": None,
    "reason": "annual_plan",
    "is_balancing": False,
}


class TargetActivated(Published, TargetSnapshot):
    """A target counts from now on."""

    TYPE: ClassVar[str] = "targets.target.activated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = TARGET


class TargetProposed(Published, TargetSnapshot):
    """A target waits for its approval by somebody else than `proposed_by` (token subject)."""

    proposed_by: str
    business_date: date

    TYPE: ClassVar[str] = "targets.target.proposed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **TARGET,
        "state": "proposed",
        "proposed_by": "manager-north",
        "business_date": "2026-01-02",
    }


class TargetApproved(Published, TargetSnapshot):
    """A target may be activated; both persons by token subject."""

    proposed_by: str
    approved_by: str
    business_date: date

    TYPE: ClassVar[str] = "targets.target.approved.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **TARGET,
        "state": "approved",
        "version": 3,
        "proposed_by": "manager-north",
        "approved_by": "director",
        "business_date": "2026-01-03",
    }


class TargetAdjusted(Published, TargetSnapshot):
    """An active target has another amount from `valid_from` on; what was before that day stays judged as it was."""

    amount_before: int
    valid_from: date
    business_date: date

    TYPE: ClassVar[str] = "targets.target.adjusted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **TARGET,
        "amount": 11000001,
        "version": 4,
        "changed": ["amount"],
        "plan_id": sample_id("cf"),
        "reason": "market_shift",
        "amount_before": 10000001,
        "valid_from": "2026-02-01",
        "business_date": "2026-01-30",
    }


class TargetClosed(Published, TargetSnapshot):
    """A target was closed after its period; `value` is what was reached then, in `amount_unit`."""

    value: int | None
    business_date: date

    TYPE: ClassVar[str] = "targets.target.closed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **TARGET,
        "state": "closed",
        "version": 5,
        "value": 9000000,
        "business_date": "2026-04-10",
    }


PUBLISHED: tuple[type[Published], ...] = (TargetActivated, TargetProposed, TargetApproved, TargetAdjusted, TargetClosed)
AGREED: tuple[type[Published], ...] = ()
