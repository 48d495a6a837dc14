"""Action plans as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
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
from services.targets.action_plans.enums import (
    ActionItemState,
    ActionPlanState,
    ActionResourceKind,
    ActionStepKind,
)
from services.targets.db import Base


class ActionItem(FrozenRow):
    """What somebody does by a day. `settled_on` is when it was done or dropped, `overdue_on` the first day on which it
    was seen to be late: it is said once."""

    key: str
    name: str
    owner_id: UUID
    due_on: date
    state: ActionItemState = ActionItemState.OPEN
    settled_on: date | None = None
    overdue_on: date | None = None


class ActionStep(ActionItem):
    """A step or a milestone of a plan; `weight` is its part of the progress."""

    kind: ActionStepKind
    weight: int


class ActionResource(FrozenRow):
    """What a plan needs: minor units of the base currency of money, thousandths of anything else."""

    kind: ActionResourceKind
    name: str
    amount: int


class ActionRisk(FrozenRow):
    """What may go wrong: how probable it is in 1e-6, what it would cost, and what is done about it."""

    name: str
    probability: int | None = None
    impact: int | None = None
    response: str = ""


class ActionPlan(OwnedRow):
    """What is done so that a target is reached. `progress` is the weighted share of its steps that is done in 1e-6,
    none without a weight; `overdue` counts open steps that were seen to be late, `due_at` is when the next one is;
    `doers` are the owners of its steps."""

    __tablename__ = "action_plan"
    __text_keys__: ClassVar = TextKeys(name="name")

    target_id: Annotated[UUID, identifier(nullable=False)]
    root_id: Annotated[UUID, identifier(nullable=False)]
    owner_id: Annotated[UUID, identifier(nullable=False)]
    name: Annotated[str, text(nullable=False)]
    state: Annotated[ActionPlanState, text(nullable=False)]
    steps: Annotated[tuple[ActionStep, ...], DECODED, document(nullable=False)] = ()
    resources: Annotated[tuple[ActionResource, ...], DECODED, document(nullable=False)] = ()
    risks: Annotated[tuple[ActionRisk, ...], DECODED, document(nullable=False)] = ()
    doers: Annotated[tuple[UUID, ...], identifiers(nullable=False)] = ()
    progress: Annotated[int | None, big_int(nullable=True)] = None
    overdue: Annotated[int, Field(nullable=False)] = 0
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class ActionPlanTable(ActionPlan, TextKeyed, Base, table=True):
    """Action plans."""

    __table_args__ = (
        *key_indexes("action_plan", ActionPlan.__text_keys__),
        one_of("state", ActionPlanState),
        sa.CheckConstraint("progress BETWEEN 0 AND 1000000", name="progress"),
        sa.CheckConstraint("due_at IS NULL OR state = 'active'", name="due_at"),
        sa.Index("ix_action_plan_target_id", "target_id"),
        sa.Index("ix_action_plan_owner_id", "owner_id"),
        sa.Index("ix_action_plan_created_at_id", "created_at", "id"),
        sa.Index("ix_action_plan_doers", "doers", postgresql_using="gin"),
        sa.Index("ix_action_plan_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )
