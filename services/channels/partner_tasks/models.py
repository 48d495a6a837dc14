"""Tasks of partners as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, identifier, one_of, text
from services.channels.db import Base
from services.channels.partner_tasks.enums import PartnerTaskState


class PartnerTask(OwnedRow):
    """What is to be done with a partner; a mandatory one that is open keeps it from being activated."""

    __tablename__ = "partner_task"

    partner_id: Annotated[UUID, identifier(nullable=False)]
    subject: Annotated[str, text(nullable=False)]
    is_mandatory: Annotated[bool, Field(nullable=False)]
    due_on: Annotated[date | None, Field(nullable=True)] = None
    note: Annotated[str, text(nullable=False)]
    state: Annotated[PartnerTaskState, text(nullable=False)]
    done_on: Annotated[date | None, Field(nullable=True)] = None
    done_by: Annotated[str | None, text(nullable=True)] = None


class PartnerTaskTable(PartnerTask, Base, table=True):
    """Tasks."""

    __table_args__ = (
        one_of("state", PartnerTaskState),
        sa.CheckConstraint(
            "(state = 'done') = (done_on IS NOT NULL) AND (state = 'done') = (done_by IS NOT NULL)", name="done"
        ),
        sa.Index("ix_partner_task_partner_id_created_at_id", "partner_id", "created_at", "id"),
        sa.Index("ix_partner_task_created_at_id", "created_at", "id"),
        sa.Index("ix_partner_task_due_on_id", "due_on", "id"),
    )
