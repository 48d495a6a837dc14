"""Activities: calls, visits, meetings, messages, tasks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Published, ReasonCode, sample_id


class ActivityCompleted(Published):
    """An activity was done; it counts on `business_date`, the day of `ended_at`. Without an account its own id is the
    key."""

    id: UUID
    account_id: UUID | None
    stream_key: UUID
    owner_id: UUID | None
    opportunity_id: UUID | None
    case_id: UUID | None
    kind: Literal["call", "visit", "meeting", "message", "email", "task"]
    phase: Literal["pre_sale", "in_sale", "after_sale"] | None
    purpose: ReasonCode | None
    outcome: ReasonCode
    ended_at: datetime
    version: int
    changed: list[str]
    business_date: date

    TYPE: ClassVar[str] = "customer.activity.completed.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": sample_id("9"),
        "account_id": sample_id("1"),
        "stream_key": sample_id("1"),
        "owner_id": sample_id("a1"),
        "opportunity_id": sample_id("8"),
        "case_id": None,
        "kind": "visit",
        "phase": "pre_sale",
        "purpose": "presentation",
        "outcome": "interested",
        "ended_at": "2026-02-14T03:04:05.123456Z",
        "version": 2,
        "changed": ["state"],
        "business_date": "2026-02-14",
    }


PUBLISHED: tuple[type[Published], ...] = (ActivityCompleted,)
AGREED: tuple[type[Published], ...] = ()
