"""Incidents as rows and as tables. Amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, OwnedRow, big_int, identifier, moment, one_of, text
from services.risk.db import Base
from services.risk.incidents.enums import IncidentState
from services.risk.risks.enums import RiskClass

CHECKS = (("dates", "occurred_on <= discovered_on"), ("recoveries", "recoveries BETWEEN 0 AND gross_loss"))


class IncidentFacts(FrozenRow):
    """What is recorded of an incident, and may be corrected."""

    occurred_on: Annotated[date, Field(nullable=False)]
    discovered_on: Annotated[date, Field(nullable=False)]
    risk_class: Annotated[RiskClass, text(nullable=False)]
    risk_id: Annotated[UUID | None, identifier(nullable=True)] = None
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    cause: Annotated[str, text(nullable=False)] = ""
    gross_loss: Annotated[int, big_int(nullable=False)]
    recoveries: Annotated[int, big_int(nullable=False)] = 0
    lessons: Annotated[str, text(nullable=False)] = ""
    state: Annotated[IncidentState, text(nullable=False)]


class Incident(OwnedRow, IncidentFacts):
    """What happened and what it cost; `external_id` is its id where it came from."""

    __tablename__ = "incident"

    external_id: Annotated[str | None, text(nullable=True, unique=True)] = None


class IncidentTable(Incident, Base, table=True):
    """Incidents."""

    __table_args__ = (
        one_of("risk_class", RiskClass),
        one_of("state", IncidentState),
        *(sa.CheckConstraint(condition, name=name) for name, condition in CHECKS),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"]),
        sa.Index("ix_incident_risk_id", "risk_id"),
        sa.Index("ix_incident_created_at_id", "created_at", "id"),
        sa.Index("ix_incident_occurred_on_id", "occurred_on", "id"),
        sa.Index("ix_incident_owner_id_created_at_id", "owner_id", "created_at", "id"),
    )


class IncidentVersion(IncidentFacts):
    """What a version of an incident says, for ever: who wrote it, and when."""

    __tablename__ = "incident_version"

    incident_id: Annotated[UUID, identifier(primary_key=True)]
    version: Annotated[int, Field(primary_key=True)]
    written_by: Annotated[str, text(nullable=False)]
    written_at: Annotated[datetime, moment(nullable=False)]


class IncidentVersionTable(IncidentVersion, Base, table=True):
    """Versions of incidents."""

    __table_args__ = (
        one_of("risk_class", RiskClass),
        one_of("state", IncidentState),
        *(sa.CheckConstraint(condition, name=name) for name, condition in CHECKS),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"]),
    )
