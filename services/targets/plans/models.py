"""Plans as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, identifier, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from services.targets.db import Base
from services.targets.plans.enums import Carry, TargetPlanState


class Plan(OwnedRow):
    """A copy of a live tree that may become what is active: `branch_id` is its root. It rests on `base_revision` of the
    live root; promoted it made `revision` of it. Persons are token subjects."""

    __tablename__ = "target_plan"
    __text_keys__: ClassVar = TextKeys(name="name")

    root_id: Annotated[UUID, identifier(nullable=False)]
    branch_id: Annotated[UUID, identifier(nullable=False, foreign_key="target.id")]
    name: Annotated[str, text(nullable=False)]
    state: Annotated[TargetPlanState, text(nullable=False)]
    base_revision: Annotated[int, Field(nullable=False)]
    authored_by: Annotated[str, text(nullable=False)]
    proposed_by: Annotated[str | None, text(nullable=True)] = None
    approved_by: Annotated[str | None, text(nullable=True)] = None
    promoted_by: Annotated[str | None, text(nullable=True)] = None
    revision: Annotated[int | None, Field(nullable=True)] = None
    valid_from: Annotated[date | None, Field(nullable=True)] = None
    carry: Annotated[Carry | None, text(nullable=True)] = None
    reason: Annotated[str | None, text(nullable=True)] = None


class PlanTable(Plan, TextKeyed, Base, table=True):
    """Plans."""

    __table_args__ = (
        *key_indexes("target_plan", Plan.__text_keys__),
        one_of("state", TargetPlanState),
        one_of("carry", Carry),
        sa.Index("ix_target_plan_root_id", "root_id", "state"),
        sa.Index("ix_target_plan_branch_id", "branch_id", unique=True),
    )
