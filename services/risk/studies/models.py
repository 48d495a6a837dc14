"""Studies as rows and as tables. Amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import (
    DECODED,
    FrozenRow,
    OwnedRow,
    big_int,
    document,
    identifier,
    identifiers,
    moment,
    one_of,
    text,
)
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from services.risk.db import Base
from services.risk.risks.enums import RiskClass
from services.risk.scenarios.bodies import READ_FREQUENCY, READ_SEVERITY, FrequencyBody, SeverityBody
from services.risk.studies.bodies import CorrelationBody, StudyResults, ToleranceBody
from services.risk.studies.enums import StudyState

Correlations = Annotated[tuple[CorrelationBody, ...], DECODED]
Tolerances = Annotated[tuple[ToleranceBody, ...], DECODED]
Integers = Annotated[tuple[int, ...], Field(sa_type=sa.ARRAY(sa.BigInteger), nullable=False)]

Later = Annotated[
    tuple[int, ...], Field(sa_type=sa.ARRAY(sa.BigInteger), nullable=False, sa_column_kwargs={"server_default": "{}"})
]


class Study(OwnedRow):
    """Many years of some scenarios; `seed` is drawn when it runs unless one was given.

    `failure` is the code of why it failed, `due_at` when somebody looks whether its job still stands.
    """

    __tablename__ = "study"
    __text_keys__: ClassVar = TextKeys(name="name")

    name: Annotated[str, text(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    scenario_ids: Annotated[tuple[UUID, ...], identifiers(nullable=False)]
    trials: Annotated[int, Field(nullable=False)]
    seed: Annotated[int | None, big_int(nullable=True)] = None
    correlations: Annotated[Correlations, document(nullable=False)] = ()
    horizon_months: Annotated[int, Field(nullable=False)]
    appetite: Annotated[int | None, big_int(nullable=True)] = None
    tolerance: Annotated[Tolerances, document(nullable=False)] = ()
    planned_revenue: Annotated[int | None, big_int(nullable=True)] = None
    is_reference: Annotated[bool, Field(nullable=False)] = False
    state: Annotated[StudyState, text(nullable=False)]
    failure: Annotated[str | None, text(nullable=True)] = None
    expected_loss: Annotated[int | None, big_int(nullable=True)] = None
    var_95: Annotated[int | None, big_int(nullable=True)] = None
    var_99: Annotated[int | None, big_int(nullable=True)] = None
    started_at: Annotated[datetime | None, moment(nullable=True)] = None
    finished_at: Annotated[datetime | None, moment(nullable=True)] = None
    job_id: Annotated[UUID | None, identifier(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class StudyTable(Study, TextKeyed, Base, table=True):
    """Studies."""

    __table_args__ = (
        *key_indexes("study", Study.__text_keys__),
        one_of("state", StudyState),
        sa.CheckConstraint("(state = 'draft') = (started_at IS NULL)", name="started_at"),
        sa.CheckConstraint("(state IN ('draft', 'running')) = (finished_at IS NULL)", name="finished_at"),
        sa.CheckConstraint("state = 'draft' OR seed IS NOT NULL", name="seed"),
        sa.CheckConstraint("(state = 'completed') = (expected_loss IS NOT NULL)", name="expected_loss"),
        sa.Index("ix_study_created_at_id", "created_at", "id"),
        sa.Index("ix_study_owner_id_created_at_id", "owner_id", "created_at", "id"),
        sa.Index("ix_study_due_at", "due_at", postgresql_where="due_at IS NOT NULL"),
        sa.Index(
            "ix_study_reference",
            "finished_at",
            "id",
            postgresql_where=sa.text("is_reference AND state = 'completed'"),
        ),
    )


class StudyRun(FrozenRow):
    """What a study ran with beside its scenarios: exposures, and the bounds of the risk matrix of its day."""

    __tablename__ = "study_run"

    study_id: Annotated[UUID, identifier(primary_key=True)]
    account_exposures: Integers
    partner_exposures: Integers
    region_exposures: Later = ()
    channel_exposures: Later = ()
    product_line_exposures: Later = ()
    likelihood_bounds: Integers
    impact_bounds: Integers


class StudyRunTable(StudyRun, Base, table=True):
    """Runs of studies."""

    __table_args__ = (sa.ForeignKeyConstraint(["study_id"], ["study.id"]),)


class StudyScenario(FrozenRow):
    """A scenario as a study ran with it, for ever."""

    __tablename__ = "study_scenario"

    study_id: Annotated[UUID, identifier(primary_key=True)]
    scenario_id: Annotated[UUID, identifier(primary_key=True)]
    scenario_version: Annotated[int, Field(nullable=False)]
    risk_id: Annotated[UUID, identifier(nullable=False)]
    risk_class: Annotated[RiskClass, text(nullable=False)]
    target_ids: Annotated[tuple[UUID, ...], identifiers(nullable=False)]
    frequency: Annotated[FrequencyBody, READ_FREQUENCY, DECODED, document(nullable=False)]
    severity: Annotated[SeverityBody, READ_SEVERITY, DECODED, document(nullable=False)]


class StudyScenarioTable(StudyScenario, Base, table=True):
    """Scenarios of studies that ran."""

    __table_args__ = (
        one_of("risk_class", RiskClass),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"]),
        sa.ForeignKeyConstraint(["scenario_id"], ["scenario.id"]),
        sa.Index("ix_study_scenario_scenario_id", "scenario_id"),
    )


class StudyResult(FrozenRow):
    """What a study has shown."""

    __tablename__ = "study_result"

    study_id: Annotated[UUID, identifier(primary_key=True)]
    results: Annotated[StudyResults, DECODED, document(nullable=False)]


class StudyResultTable(StudyResult, Base, table=True):
    """Results of studies."""

    __table_args__ = (sa.ForeignKeyConstraint(["study_id"], ["study.id"]),)
