"""Consents of leads as rows and as a table."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier, moment, one_of, text
from services.customer.db import Base
from services.customer.persons.enums import LawfulBasis


class LeadConsent(FrozenRow):
    """What a lead said, consent or withdrawal (of `withdraws`); never changed. `evidence` is sealed under the lead's
    key. It goes along when the lead is converted."""

    __tablename__ = "lead_consent"

    id: Annotated[UUID, identifier(primary_key=True)]
    lead_id: Annotated[UUID, identifier(nullable=False, sa_column_args=(sa.ForeignKey("lead.id"),))]
    purpose: Annotated[str, text(nullable=False)]
    channel: Annotated[str, text(nullable=False)]
    is_granted: Annotated[bool, Field(nullable=False)]
    at: Annotated[datetime, moment(nullable=False)]
    lawful_basis: Annotated[LawfulBasis | None, text(nullable=True)] = None
    evidence: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None
    withdraws: Annotated[UUID | None, identifier(nullable=True, sa_column_args=(sa.ForeignKey("lead_consent.id"),))] = (
        None
    )
    recorded_at: Annotated[datetime, moment(nullable=False)]


class LeadConsentTable(LeadConsent, Base, table=True):
    """Consents and withdrawals of leads."""

    __table_args__ = (
        one_of("lawful_basis", LawfulBasis),
        sa.CheckConstraint("is_granted = (withdraws IS NULL) AND is_granted = (lawful_basis IS NOT NULL)", name="kind"),
        sa.UniqueConstraint("withdraws"),
        sa.Index("ix_lead_consent_lead_id_at_id", "lead_id", "at", "id"),
    )
