"""Amendments as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, OwnedRow, big_int, identifier, moment, one_of, text
from kit.db.columns import document as json_document
from services.risk.amendments.enums import AmendmentState
from services.risk.contracts.enums import Renewal
from services.risk.contracts.models import Document
from services.risk.db import Base


class Amendment(OwnedRow):
    """Other terms of a contract from a day on: those that `terms` names; the others stay as they are."""

    __tablename__ = "amendment"

    contract_id: Annotated[UUID, identifier(nullable=False)]
    effective_on: Annotated[date, Field(nullable=False)]
    reason: Annotated[str, text(nullable=False)]
    terms: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    value: Annotated[int | None, big_int(nullable=True)] = None
    ends_on: Annotated[date | None, Field(nullable=True)] = None
    notice_days: Annotated[int | None, Field(nullable=True)] = None
    renewal: Annotated[Renewal | None, text(nullable=True)] = None
    renew_months: Annotated[int | None, Field(nullable=True)] = None
    document: Annotated[Document | None, DECODED, json_document(nullable=True)] = None
    state: Annotated[AmendmentState, text(nullable=False)]
    author: Annotated[str, text(nullable=False)]
    approved_by: Annotated[str | None, text(nullable=True)] = None
    approved_at: Annotated[datetime | None, moment(nullable=True)] = None
    signed_on: Annotated[date | None, Field(nullable=True)] = None


class AmendmentTable(Amendment, Base, table=True):
    """Amendments of contracts."""

    __table_args__ = (
        one_of("state", AmendmentState),
        one_of("renewal", Renewal),
        sa.CheckConstraint("(state = 'signed') = (signed_on IS NOT NULL)", name="signed_on"),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"]),
        sa.Index("uq_amendment_open", "contract_id", unique=True, postgresql_where="state IN ('draft', 'approved')"),
        sa.Index("ix_amendment_contract_id_created_at_id", "contract_id", "created_at", "id"),
    )
