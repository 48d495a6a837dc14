"""What competitors ask, as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, moment, text
from kit.db.text_keys import TextKeys, code_sql
from services.channels.db import Base


class CompetitorPrice(FrozenRow):
    """What a competitor asked for a product on a day, in minor units of `currency`; never changed."""

    __tablename__ = "competitor_price"
    __text_keys__: ClassVar = TextKeys(codes=("sku", "competitor"))

    id: Annotated[UUID, identifier(primary_key=True)]
    sku: Annotated[str, text(nullable=False)]
    competitor: Annotated[str, text(nullable=False)]
    price: Annotated[int, big_int(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    observed_on: Annotated[date, Field(nullable=False)]
    source: Annotated[str, text(nullable=False)]
    created_by: Annotated[str, text(nullable=False)]
    created_at: Annotated[datetime, moment(nullable=False)]


class CompetitorPriceTable(CompetitorPrice, Base, table=True):
    """What competitors ask."""

    __table_args__ = (
        sa.UniqueConstraint("sku", "competitor", "observed_on"),
        sa.Index("ix_competitor_price_observed_on_id", "observed_on", "id"),
        sa.Index("ix_competitor_price_sku_folded_id", sa.text(code_sql("sku")), "id"),
    )
