"""Scenarios as rows and as a table."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa

from kit.db.columns import DECODED, OwnedRow, document, identifier, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from services.risk.db import Base
from services.risk.scenarios.bodies import READ_FREQUENCY, READ_SEVERITY, Estimate, FrequencyBody, SeverityBody
from services.risk.scenarios.enums import Origin, ScenarioState


class Scenario(OwnedRow):
    """How often a risk causes a loss, and how much each time; `estimate` is the last one, whatever came of it."""

    __tablename__ = "scenario"
    __text_keys__: ClassVar = TextKeys(name="name")

    risk_id: Annotated[UUID, identifier(nullable=False)]
    name: Annotated[str, text(nullable=False)]
    frequency: Annotated[FrequencyBody, READ_FREQUENCY, DECODED, document(nullable=False)]
    severity: Annotated[SeverityBody, READ_SEVERITY, DECODED, document(nullable=False)]
    origin: Annotated[Origin, text(nullable=False)]
    estimate: Annotated[Estimate | None, DECODED, document(nullable=True)] = None
    state: Annotated[ScenarioState, text(nullable=False)]


class ScenarioTable(Scenario, TextKeyed, Base, table=True):
    """Scenarios."""

    __table_args__ = (
        *key_indexes("scenario", Scenario.__text_keys__),
        one_of("origin", Origin),
        one_of("state", ScenarioState),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"]),
        sa.Index("ix_scenario_risk_id", "risk_id"),
        sa.Index("ix_scenario_created_at_id", "created_at", "id"),
    )
