"""Entries about partners as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, identifier, one_of, text
from services.channels.db import Base
from services.channels.partner_logs.enums import PartnerLogKind, PartnerLogState


class PartnerLog(OwnedRow):
    """What was said or asked for on a day; what was written stays, `follow_up_on` is when something is to follow."""

    __tablename__ = "partner_log"

    partner_id: Annotated[UUID, identifier(nullable=False)]
    contact_id: Annotated[UUID | None, identifier(nullable=True)] = None
    kind: Annotated[PartnerLogKind, text(nullable=False)]
    happened_on: Annotated[date, Field(nullable=False)]
    note: Annotated[str, text(nullable=False)]
    follow_up_on: Annotated[date | None, Field(nullable=True)] = None
    state: Annotated[PartnerLogState, text(nullable=False)]
    outcome: Annotated[str, text(nullable=False)] = ""
    written_by: Annotated[str, text(nullable=False)]


class PartnerLogTable(PartnerLog, Base, table=True):
    """Entries."""

    __table_args__ = (
        one_of("kind", PartnerLogKind),
        one_of("state", PartnerLogState),
        sa.CheckConstraint("happened_on <= follow_up_on", name="follow_up_on"),
        sa.CheckConstraint("state = 'closed' OR follow_up_on IS NOT NULL", name="open"),
        sa.Index("ix_partner_log_partner_id_happened_on_id", "partner_id", "happened_on", "id"),
        sa.Index("ix_partner_log_happened_on_id", "happened_on", "id"),
        sa.Index("ix_partner_log_follow_up_on_id", "follow_up_on", "id"),
    )
