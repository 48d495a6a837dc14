"""Documents of partners as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, identifier, moment, text
from kit.db.text_keys import TextKeys, code_sql
from services.channels.db import Base


class PartnerDocument(OwnedRow):
    """A paper of a partner that is valid up to and with `valid_to` (None: without an end).

    While a mandatory one is over and none of its kind is valid, the partner is not activated. `warned_on` is the day on
    which was warned of its end.
    """

    __tablename__ = "partner_document"
    __text_keys__: ClassVar = TextKeys(codes=("number",))

    partner_id: Annotated[UUID, identifier(nullable=False)]
    kind: Annotated[str, text(nullable=False)]
    number: Annotated[str, text(nullable=False)]
    is_mandatory: Annotated[bool, Field(nullable=False)]
    valid_to: Annotated[date | None, Field(nullable=True)] = None
    reference: Annotated[str, text(nullable=False)]
    sha256: Annotated[str | None, text(nullable=True)] = None
    warned_on: Annotated[date | None, Field(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class PartnerDocumentTable(PartnerDocument, Base, table=True):
    """Documents."""

    __table_args__ = (
        sa.CheckConstraint("due_at IS NULL OR (valid_to IS NOT NULL AND warned_on IS NULL)", name="due_at"),
        sa.UniqueConstraint("partner_id", "kind", "number"),
        sa.Index("ix_partner_document_number_folded_id", sa.text(code_sql("number")), "id"),
        sa.Index("ix_partner_document_valid_to_id", "valid_to", "id"),
        sa.Index("ix_partner_document_created_at_id", "created_at", "id"),
        sa.Index("ix_partner_document_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )
