"""Alerts, and how far the judging of each target has come, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, big_int, identifier, moment, one_of, text
from services.targets.alerts.enums import TargetAlertEnd, TargetAlertLevel, TargetAlertMeasure, TargetAlertState
from services.targets.db import Base


class TargetJudging(OwnedRow):
    """How a target was judged last; `id` is that of the target. A trigger makes the row when the target begins to
    count, and makes it due when its amount changes and when it closes.

    `judged_on` is the business day of the judging, which looks at the end of its eve. Each measure keeps its level: the
    margin of one is not due to the other. No foreign key: the lock of a tree would wait for it.
    """

    __tablename__ = "target_judging"

    due_at: Annotated[datetime | None, moment(nullable=True)] = None
    judged_on: Annotated[date | None, Field(nullable=True)] = None
    pace: Annotated[int | None, big_int(nullable=True)] = None
    pace_level: Annotated[TargetAlertLevel, text(nullable=False, sa_column_kwargs={"server_default": "green"})] = (
        TargetAlertLevel.GREEN
    )
    p_hit: Annotated[int | None, big_int(nullable=True)] = None
    p_hit_as_of: Annotated[date | None, Field(nullable=True)] = None
    p_hit_sample: Annotated[int | None, big_int(nullable=True)] = None
    p_hit_level: Annotated[TargetAlertLevel, text(nullable=False, sa_column_kwargs={"server_default": "green"})] = (
        TargetAlertLevel.GREEN
    )


class TargetJudgingTable(TargetJudging, Base, table=True):
    """Judgings."""

    __table_args__ = (
        sa.CheckConstraint("pace_level IN ('green', 'amber', 'red')", name="pace_level"),
        sa.CheckConstraint("p_hit_level IN ('green', 'amber', 'red')", name="p_hit_level"),
        sa.Index("ix_target_judging_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )


class TargetAlert(OwnedRow):
    """A target that falls behind. `figure`, `threshold` and `policy_version` are those of its last change of level,
    `previous` the level before it."""

    __tablename__ = "target_alert"

    target_id: Annotated[UUID, identifier(nullable=False)]
    root_id: Annotated[UUID, identifier(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    state: Annotated[TargetAlertState, text(nullable=False)]
    level: Annotated[TargetAlertLevel, text(nullable=False)]
    previous: Annotated[TargetAlertLevel, text(nullable=False)]
    measure: Annotated[TargetAlertMeasure, text(nullable=False)]
    figure: Annotated[int | None, big_int(nullable=True)] = None
    threshold: Annotated[int, big_int(nullable=False)]
    policy_version: Annotated[int, Field(nullable=False)]
    raised_on: Annotated[date, Field(nullable=False)]
    changed_on: Annotated[date, Field(nullable=False)]
    cleared_on: Annotated[date | None, Field(nullable=True)] = None
    cleared_by: Annotated[TargetAlertEnd | None, text(nullable=True)] = None
    acknowledged_by: Annotated[str | None, text(nullable=True)] = None
    note: Annotated[str | None, text(nullable=True)] = None


class TargetAlertTable(TargetAlert, Base, table=True):
    """Alerts."""

    __table_args__ = (
        one_of("state", TargetAlertState),
        one_of("level", TargetAlertLevel),
        one_of("previous", TargetAlertLevel),
        one_of("measure", TargetAlertMeasure),
        one_of("cleared_by", TargetAlertEnd),
        sa.CheckConstraint("(state = 'cleared') = (level = 'green')", name="cleared"),
        sa.CheckConstraint("(state = 'cleared') = (cleared_on IS NOT NULL)", name="cleared_on"),
        sa.Index("uq_target_alert_standing", "target_id", unique=True, postgresql_where=sa.text("state <> 'cleared'")),
        sa.Index("ix_target_alert_target_id", "target_id"),
        sa.Index("ix_target_alert_created_at_id", "created_at", "id"),
    )
