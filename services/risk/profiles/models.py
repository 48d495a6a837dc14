"""Credit profiles as rows and as a table."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, big_int, identifier
from services.risk.db import Base


class CreditProfile(OwnedRow):
    """An account's credit limit; the id is the account's."""

    __tablename__ = "credit_profile"

    stream_key: Annotated[UUID, identifier(nullable=False)]
    credit_limit: Annotated[int, big_int(nullable=False)]
    is_on_hold: Annotated[bool, Field(nullable=False)] = False


class CreditProfileTable(CreditProfile, Base, table=True):
    """Credit profiles."""

    __table_args__ = (
        sa.CheckConstraint("credit_limit BETWEEN 0 AND 10000000000000", name="credit_limit"),
        sa.Index("ix_credit_profile_created_at_id", "created_at", "id"),
        sa.Index("ix_credit_profile_credit_limit_id", "credit_limit", "id"),
    )
