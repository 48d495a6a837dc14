"""Holds of accounts and partners: placements are refused meanwhile. Key: that of the profile."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Published, sample_id
from services.risk.events_out.profiles import PROFILE, CreditProfileSnapshot, HoldReason


class CreditHoldPlaced(Published, CreditProfileSnapshot):
    """A hold was placed for `hold_reason`; `hold_reasons` are all that stand now."""

    hold_id: UUID
    hold_reason: HoldReason
    until: date | None

    TYPE: ClassVar[str] = "risk.credit.hold_placed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **PROFILE,
        "hold_reasons": ["overdue"],
        "version": 3,
        "changed": ["hold_reasons"],
        "hold_id": sample_id("92"),
        "hold_reason": "overdue",
        "until": None,
    }


class CreditHoldLifted(Published, CreditProfileSnapshot):
    """A hold was lifted; the subject is on hold while `hold_reasons` is not empty."""

    hold_id: UUID
    hold_reason: HoldReason

    TYPE: ClassVar[str] = "risk.credit.hold_lifted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **PROFILE,
        "version": 4,
        "changed": ["hold_reasons"],
        "hold_id": sample_id("92"),
        "hold_reason": "overdue",
    }


PUBLISHED: tuple[type[Published], ...] = ()
AGREED: tuple[type[Published], ...] = (CreditHoldPlaced, CreditHoldLifted)
