"""Schemas of alerts."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.schema import Label, Schema
from services.risk.alerts.enums import IndicatorLevel, RiskAlertState


class RiskAlertResolve(Schema):
    """Why an alert is over though its indicator is not green: no other is raised until it is, or until it is worse."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "The customer pays by instalments"}})

    reason: Label


class RiskAlertRead(Schema):
    """An alert; `value` and `threshold` in the unit of its measure, of the last change of its level."""

    id: UUID
    indicator_id: UUID
    owner_id: UUID | None
    measure: str
    account_id: UUID | None
    filed_account_id: UUID | None
    partner_id: UUID | None
    target_id: UUID | None
    state: RiskAlertState
    level: IndicatorLevel
    value: int | None
    threshold: int
    risk_ids: list[UUID]
    is_escalation: bool
    raised_on: date
    acknowledged_by: str | None
    resolved_by: str | None
    resolved_on: date | None
    reason: str | None
    version: int
    created_at: datetime
    updated_at: datetime
