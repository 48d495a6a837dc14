"""Alerts of risk: a projection of their events."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier, text
from services.targets.db import Base


class RiskAlert(FrozenRow):
    """An alert of an indicator, and the target that it is about, if one."""

    __tablename__ = "risk_alert"

    id: Annotated[UUID, identifier(primary_key=True)]
    target_id: Annotated[UUID | None, identifier(nullable=True)] = None
    account_id: Annotated[UUID | None, identifier(nullable=True)] = None
    measure: Annotated[str, text(nullable=False)]
    state: Annotated[str, text(nullable=False)]
    level: Annotated[str, text(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class RiskAlertTable(RiskAlert, Base, table=True):
    """Alerts of risk by id."""
