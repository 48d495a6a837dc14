"""Activities as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, identifier, identifiers, moment, one_of, text
from services.customer.activities.enums import ActivityKind, ActivityPhase, ActivityState
from services.customer.db import Base, OfOwner


class Notes(FrozenRow):
    """What was heard, what was asked, what was answered to the company."""

    listen: str | None = None
    question: str | None = None
    feedback: str | None = None


class Position(FrozenRow):
    """Where it took place, as a device said: degrees, and how far off that may be."""

    lat: float
    lon: float
    accuracy_m: int | None = None


class Activity(OwnedRow):
    """Something done, or to be done, with a customer, or with a lead before it is one; `participants` are contacts of
    the account who take part beside `contact_id`, `follows` is the activity whose next step it is."""

    __tablename__ = "activity"

    kind: Annotated[ActivityKind, text(nullable=False)]
    phase: Annotated[ActivityPhase | None, text(nullable=True)] = None
    subject: Annotated[str | None, text(nullable=True)] = None
    purpose: Annotated[str | None, text(nullable=True)] = None
    outcome: Annotated[str | None, text(nullable=True)] = None
    account_id: Annotated[UUID | None, identifier(nullable=True, sa_column_args=(sa.ForeignKey("account.id"),))] = None
    contact_id: Annotated[UUID | None, identifier(nullable=True, sa_column_args=(sa.ForeignKey("contact.id"),))] = None
    opportunity_id: Annotated[
        UUID | None, identifier(nullable=True, sa_column_args=(sa.ForeignKey("opportunity.id"),))
    ] = None
    case_id: Annotated[UUID | None, identifier(nullable=True, sa_column_args=(sa.ForeignKey("service_case.id"),))] = (
        None
    )
    lead_id: Annotated[UUID | None, identifier(nullable=True, sa_column_args=(sa.ForeignKey("lead.id"),))] = None
    stream_key: Annotated[UUID, identifier(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    follows: Annotated[UUID | None, identifier(nullable=True, sa_column_args=(sa.ForeignKey("activity.id"),))] = None
    participants: Annotated[
        tuple[UUID, ...], identifiers(nullable=False, sa_column_kwargs={"server_default": "{}"})
    ] = ()
    planned_at: Annotated[datetime | None, moment(nullable=True)] = None
    due_on: Annotated[date | None, Field(nullable=True)] = None
    started_at: Annotated[datetime | None, moment(nullable=True)] = None
    ended_at: Annotated[datetime | None, moment(nullable=True)] = None
    notes: Annotated[Notes, DECODED, document(nullable=False)] = Notes()
    external_source: Annotated[str | None, text(nullable=True)] = None
    external_id: Annotated[str | None, text(nullable=True)] = None
    position: Annotated[Position | None, DECODED, document(nullable=True)] = None
    state: Annotated[ActivityState, text(nullable=False)] = ActivityState.PLANNED


class ShownActivity(Activity):
    """An activity as it is seen on a business day."""

    overdue: bool


def as_of(today: date, activity: Activity) -> ShownActivity:
    """What is planned is overdue from the day after it was due."""
    due = activity.due_on if activity.state == ActivityState.PLANNED else None
    return ShownActivity.model_construct(None, overdue=due is not None and due < today, **activity.__dict__)


class ActivityTable(Activity, OfOwner, Base, table=True):
    """Activities."""

    __table_args__ = (
        one_of("kind", ActivityKind),
        one_of("phase", ActivityPhase),
        one_of("state", ActivityState),
        sa.CheckConstraint(
            "(state = 'completed') = (ended_at IS NOT NULL) AND (state = 'completed') = (outcome IS NOT NULL)",
            name="completed",
        ),
        sa.CheckConstraint("(external_source IS NULL) = (external_id IS NULL)", name="external"),
        sa.Index(
            "uq_activity_external_id",
            "external_id",
            "external_source",
            unique=True,
            postgresql_where=sa.text("external_id IS NOT NULL"),
        ),
        sa.Index("ix_activity_created_at_id", "created_at", "id"),
        sa.Index("ix_activity_account_id_created_at_id", "account_id", "created_at", "id"),
        sa.Index("ix_activity_owner_id_created_at_id", "owner_id", "created_at", "id"),
        sa.Index("ix_activity_account_owner_id_created_at_id", "account_owner_id", "created_at", "id"),
        sa.Index("ix_activity_account_owner_id_due_on_id", "account_owner_id", "due_on", "id"),
        sa.Index("ix_activity_owner_id_due_on_id", "owner_id", "due_on", "id"),
        sa.Index(
            "ix_activity_opportunity_id_created_at_id",
            "opportunity_id",
            "created_at",
            "id",
            postgresql_where=sa.text("opportunity_id IS NOT NULL"),
        ),
        sa.Index("ix_activity_case_id", "case_id", postgresql_where=sa.text("case_id IS NOT NULL")),
        sa.Index("ix_activity_lead_id", "lead_id", postgresql_where=sa.text("lead_id IS NOT NULL")),
        sa.Index("ix_activity_due_on_id", "due_on", "id"),
        sa.Index("ix_activity_due_on", "due_on", postgresql_where=sa.text("state = 'planned'")),
    )
