"""Certificates of partners as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, identifier, text
from kit.db.text_keys import TextKeys, code_sql
from services.channels.db import Base


class PartnerCertificate(OwnedRow):
    """A certificate that a partner holds from `valid_from` to `valid_to`, both included; None: without an end."""

    __tablename__ = "partner_certificate"
    __text_keys__: ClassVar = TextKeys(codes=("number",))

    partner_id: Annotated[UUID, identifier(nullable=False)]
    kind: Annotated[str, text(nullable=False)]
    number: Annotated[str, text(nullable=False)]
    valid_from: Annotated[date, Field(nullable=False)]
    valid_to: Annotated[date | None, Field(nullable=True)] = None


class PartnerCertificateTable(PartnerCertificate, Base, table=True):
    """Certificates."""

    __table_args__ = (
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
        sa.UniqueConstraint("partner_id", "kind", "number"),
        sa.Index("ix_partner_certificate_number_folded_id", sa.text(code_sql("number")), "id"),
        sa.Index("ix_partner_certificate_valid_from_id", "valid_from", "id"),
    )
