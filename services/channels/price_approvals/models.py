"""Standing approvals of prices as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, big_int, identifier, one_of, text
from kit.db.text_keys import TextKeys, code_sql
from services.channels.db import Base
from services.channels.price_approvals.enums import PriceApprovalState


class PriceApproval(OwnedRow):
    """An account or a partner may have a product at a net of at least `min_unit_net` a piece, under the floor too, from
    `valid_from` to `valid_to` (both included, None: open)."""

    __tablename__ = "price_approval"
    __text_keys__: ClassVar = TextKeys(codes=("sku",))

    account_id: Annotated[UUID | None, identifier(nullable=True)]
    partner_id: Annotated[UUID | None, identifier(nullable=True)]
    stream_key: Annotated[UUID, identifier(nullable=False)]
    sku: Annotated[str, text(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    min_unit_net: Annotated[int, big_int(nullable=False)]
    valid_from: Annotated[date, Field(nullable=False)]
    valid_to: Annotated[date | None, Field(nullable=True)]
    state: Annotated[PriceApprovalState, text(nullable=False)]
    granted_by: Annotated[str, text(nullable=False)]


class PriceApprovalTable(PriceApproval, Base, table=True):
    """Standing approvals."""

    __table_args__ = (
        one_of("state", PriceApprovalState),
        sa.CheckConstraint("(account_id IS NULL) <> (partner_id IS NULL)", name="holder"),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
        sa.Index("ix_price_approval_valid_from_id", "valid_from", "id"),
        sa.Index("ix_price_approval_sku", "sku", postgresql_where="state = 'granted'"),
        sa.Index("ix_price_approval_sku_folded_id", sa.text(code_sql("sku")), "id"),
    )
