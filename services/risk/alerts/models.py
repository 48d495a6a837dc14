"""Alerts as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, big_int, identifier, identifiers, one_of, text
from services.risk.alerts.enums import IndicatorLevel, RiskAlertState
from services.risk.db import Base


class RiskAlert(OwnedRow):
    """An indicator has left green. `value` and `threshold` are those of its last change of level.

    `silent_level` is the level at which somebody resolved it: no other is raised until green, or until it is worse.
    """

    __tablename__ = "risk_alert"

    indicator_id: Annotated[UUID, identifier(nullable=False)]
    stream_key: Annotated[UUID, identifier(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    measure: Annotated[str, text(nullable=False)]
    account_id: Annotated[UUID | None, identifier(nullable=True)] = None
    partner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    target_id: Annotated[UUID | None, identifier(nullable=True)] = None
    state: Annotated[RiskAlertState, text(nullable=False)]
    level: Annotated[IndicatorLevel, text(nullable=False)]
    value: Annotated[int | None, big_int(nullable=True)] = None
    threshold: Annotated[int, big_int(nullable=False)]
    risk_ids: Annotated[tuple[UUID, ...], identifiers(nullable=False)] = ()
    is_escalation: Annotated[bool, Field(nullable=False)] = False
    raised_on: Annotated[date, Field(nullable=False)]
    acknowledged_by: Annotated[str | None, text(nullable=True)] = None
    resolved_by: Annotated[str | None, text(nullable=True)] = None
    resolved_on: Annotated[date | None, Field(nullable=True)] = None
    reason: Annotated[str | None, text(nullable=True)] = None
    silent_level: Annotated[IndicatorLevel | None, text(nullable=True)] = None


class RiskAlertTable(RiskAlert, Base, table=True):
    """Alerts."""

    __table_args__ = (
        one_of("state", RiskAlertState),
        one_of("level", IndicatorLevel),
        one_of("silent_level", IndicatorLevel),
        sa.CheckConstraint("(state = 'resolved') = (resolved_on IS NOT NULL)", name="resolved_on"),
        sa.Index("ix_risk_alert_created_at_id", "created_at", "id"),
        sa.Index("ix_risk_alert_owner_id_created_at_id", "owner_id", "created_at", "id"),
        sa.Index("ix_risk_alert_indicator_id", "indicator_id"),
        sa.Index(
            "uq_risk_alert_standing", "indicator_id", unique=True, postgresql_where=sa.text("state <> 'resolved'")
        ),
        sa.Index("ix_risk_alert_risks", "risk_ids", postgresql_using="gin"),
    )
