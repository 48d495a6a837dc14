"""Holds of accounts and partners: placements are refused meanwhile. Key: that of the profile."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Published, ReasonCode, sample_id
from services.risk.events_out.profiles import PROFILE, CreditProfileSnapshot, HoldReason


class CreditHoldPlaced(Published, CreditProfileSnapshot):
    """A hold was placed for `hold_reason`, through `until`; `hold_reasons` are all that stand now. `reason` is the
    word of who placed it by hand."""

    hold_id: UUID
    hold_reason: HoldReason
    until: date | None
    reason: ReasonCode | None = None
    placed_by: str | None = None

    TYPE: ClassVar[str] = "risk.credit.hold_placed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **PROFILE,
        "hold_reasons": ["overdue"],
        "version": 3,
        "changed": ["hold_reasons"],
        "hold_id": sample_id("92"),
        "hold_reason": "overdue",
        "until": None,
        "reason": None,
        "placed_by": None,
    }


class CreditHoldLifted(Published, CreditProfileSnapshot):
    """A hold was lifted, and by hand for a `reason`: then its rule waits through `waived_until`. The subject is on hold
    while `hold_reasons` is not empty."""

    hold_id: UUID
    hold_reason: HoldReason
    reason: ReasonCode | None = None
    lifted_by: str | None = None
    waived_until: date | None = None

    TYPE: ClassVar[str] = "risk.credit.hold_lifted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **PROFILE,
        "version": 4,
        "changed": ["hold_reasons"],
        "hold_id": sample_id("92"),
        "hold_reason": "overdue",
        "reason": "payment_promised",
        "lifted_by": "officer",
        "waived_until": "2026-03-01",
    }


PUBLISHED: tuple[type[Published], ...] = (CreditHoldPlaced, CreditHoldLifted)
AGREED: tuple[type[Published], ...] = ()
