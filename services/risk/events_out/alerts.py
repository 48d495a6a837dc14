"""Indicators that left their bounds. Key: the stream key of the account or the partner's id, else the indicator's."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id


class AlertSnapshot(Part):
    """An alert of an indicator; `value` and `threshold` in the unit of its `measure`, shares in millionths."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"

    id: UUID
    indicator_id: UUID
    stream_key: UUID
    owner_id: UUID | None
    measure: ReasonCode
    account_id: UUID | None
    partner_id: UUID | None
    target_id: UUID | None
    state: Literal["open", "acknowledged", "resolved"]
    level: Literal["green", "amber", "red"]
    value: int | None
    threshold: int
    risk_ids: list[UUID]
    is_escalation: bool
    version: int
    business_date: date


_ALERT: dict[str, Any] = {
    "id": sample_id("93"),
    "indicator_id": sample_id("94"),
    "stream_key": sample_id("1"),
    "owner_id": sample_id("a3"),
    "measure": "overdue_ratio",
    "account_id": sample_id("1"),
    "partner_id": None,
    "target_id": None,
    "state": "open",
    "level": "amber",
    "value": 120000,
    "threshold": 100000,
    "risk_ids": [sample_id("95")],
    "is_escalation": False,
    "version": 1,
    "business_date": "2026-02-14",
}


class AlertRaised(Published, AlertSnapshot):
    """An indicator left green, or an open alert went from amber to red (`is_escalation`)."""

    TYPE: ClassVar[str] = "risk.alert.raised.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _ALERT


class AlertAcknowledged(Published, AlertSnapshot):
    """Somebody (token subject) has seen an alert."""

    acknowledged_by: str

    TYPE: ClassVar[str] = "risk.alert.acknowledged.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_ALERT,
        "state": "acknowledged",
        "version": 2,
        "acknowledged_by": "manager-north",
    }


class AlertResolved(Published, AlertSnapshot):
    """An alert is over: the indicator is green again, or somebody said so for a reason."""

    reason: ReasonCode

    TYPE: ClassVar[str] = "risk.alert.resolved.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_ALERT,
        "state": "resolved",
        "level": "green",
        "value": 70000,
        "version": 3,
        "business_date": "2026-02-20",
        "reason": "back_to_green",
    }


PUBLISHED: tuple[type[Published], ...] = (AlertRaised, AlertAcknowledged, AlertResolved)
AGREED: tuple[type[Published], ...] = ()
