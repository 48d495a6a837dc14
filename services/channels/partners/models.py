"""Partners as rows and as a table."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from kit.db.columns import OwnedRow, identifier, one_of, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.channels.db import Base
from services.channels.partners.enums import PartnerKind, PartnerState


class Partner(OwnedRow):
    """An organisation that sells for the company.

    `product_lines` are what it sells (empty: all), `account_id` is the account that it is as a customer, as it was
    filed. `tax_id_hash` and `bank_hash` are keyed hashes of what is sealed beside them (`SealedColumns`): by the former
    a tax id is unique within its country and found, by both one sees that a value changed.
    """

    __tablename__ = "partner"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code", "local_name"), codes=("code",))

    code: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    kind: Annotated[PartnerKind, text(nullable=False)]
    regions: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    state: Annotated[PartnerState, text(nullable=False)]
    local_name: Annotated[str | None, text(nullable=True)] = None
    country: Annotated[str | None, text(nullable=True)] = None
    product_lines: Annotated[
        tuple[str, ...],
        Field(sa_type=sa.ARRAY(sa.Text), nullable=False, sa_column_kwargs={"server_default": sa.text("'{}'")}),
    ] = ()
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    account_id: Annotated[UUID | None, identifier(nullable=True)] = None
    tax_id_hash: Annotated[str | None, text(nullable=True)] = None
    bank_hash: Annotated[str | None, text(nullable=True)] = None


class SealedColumns(SQLModel):
    """What the table keeps sealed, under a key of the partner's own."""

    tax_id: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None
    bank: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None


class PartnerTable(Partner, SealedColumns, TextKeyed, CodeKeyed, Base, table=True):
    """Partners."""

    __table_args__ = (
        one_of("state", PartnerState),
        *key_indexes("partner", Partner.__text_keys__),
        *code_indexes("partner", "code"),
        sa.CheckConstraint("tax_id_hash IS NULL OR country IS NOT NULL", name="tax_id_has_country"),
        sa.Index(
            "uq_partner_country_tax_id_hash",
            "country",
            "tax_id_hash",
            unique=True,
            postgresql_where=sa.text("tax_id_hash IS NOT NULL"),
        ),
        sa.Index("ix_partner_account_id", "account_id", postgresql_where=sa.text("account_id IS NOT NULL")),
    )
