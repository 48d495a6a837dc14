"""What channels and risk say of accounts as rows and as a table: a projection, read by timelines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, document, identifier, moment
from services.customer.db import Base


class HeardFact(FrozenRow):
    """What channels or risk say of an account, under the id of the event; `data` is what of it is shown."""

    __tablename__ = "heard_fact"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    subject_id: Annotated[UUID, identifier(nullable=False)]
    business_date: Annotated[date, Field(nullable=False)]
    data: Annotated[dict[str, Any], document(nullable=False)]
    at: Annotated[datetime, moment(nullable=False)]


class HeardFactTable(HeardFact, Base, table=True):
    """What other services say of accounts."""

    __table_args__ = (sa.Index(None, "account_id", "at", "id"),)
