"""Credit profiles as rows and as a table."""

from __future__ import annotations

from typing import Annotated, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, big_int, identifier
from services.risk.db import Base


class CreditProfile(OwnedRow):
    """An account's credit limit, and the share of an order (millionths) that has to lie on account when it is placed;
    the id is the account's."""

    __tablename__ = "credit_profile"

    stream_key: Annotated[UUID, identifier(nullable=False)]
    credit_limit: Annotated[int, big_int(nullable=False)]
    deposit_share: Annotated[int, Field(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0
    is_on_hold: Annotated[bool, Field(nullable=False)] = False


class CreditProfileTable(CreditProfile, Base, table=True):
    """Credit profiles."""

    __table_args__ = (
        sa.CheckConstraint("credit_limit BETWEEN 0 AND 10000000000000", name="credit_limit"),
        sa.CheckConstraint("deposit_share BETWEEN 0 AND 1000000", name="deposit_share"),
        sa.Index("ix_credit_profile_created_at_id", "created_at", "id"),
        sa.Index("ix_credit_profile_credit_limit_id", "credit_limit", "id"),
    )


class Terms(NamedTuple):
    """What placements of an account are decided under (limit None: it has no profile)."""

    credit_limit: int | None
    deposit_share: int
