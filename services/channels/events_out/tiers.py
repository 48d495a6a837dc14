"""Levels of partners. Key: the partner's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Published, ReasonCode, sample_id


class TierChanged(Published):
    """A partner has another level from `effective_from` on; None is none."""

    partner_id: UUID
    owner_id: UUID | None
    programme_id: UUID
    evaluation_id: UUID
    old: ReasonCode | None
    new: ReasonCode | None
    effective_from: date
    version: int
    business_date: date

    TYPE: ClassVar[str] = "channels.tier.changed.v1"
    SUBJECT: ClassVar[str] = "partner_id"
    KEY: ClassVar[str] = "partner_id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "partner_id": sample_id("b1"),
        "owner_id": sample_id("a1"),
        "programme_id": sample_id("bd"),
        "evaluation_id": sample_id("be"),
        "old": "silver",
        "new": "gold",
        "effective_from": "2026-03-01",
        "version": 2,
        "business_date": "2026-02-14",
    }


PUBLISHED: tuple[type[Published], ...] = (TierChanged,)
AGREED: tuple[type[Published], ...] = ()
