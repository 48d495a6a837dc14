"""Sums of the company, as rows and as tables. Amounts: minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, moment, one_of, text
from services.risk.db import Base
from services.risk.sums.enums import SumFamily


class KeptSum(FrozenRow):
    """From which day to which the sums of a family are kept, and since when what they are of has stood (a rebuild
    begins them anew). Of shares of accounts also the sum of those above 0, that of their squares, and how many."""

    __tablename__ = "kept_sum"

    family: Annotated[SumFamily, text(primary_key=True)]
    since: Annotated[datetime, moment(nullable=False)]
    first_day: Annotated[date, Field(nullable=False)]
    last_day: Annotated[date, Field(nullable=False)]
    total: Annotated[Decimal, Field(sa_type=sa.Numeric, nullable=False)] = Decimal(0)
    squares: Annotated[Decimal, Field(sa_type=sa.Numeric, nullable=False)] = Decimal(0)
    groups: Annotated[int, big_int(nullable=False)] = 0


class KeptSumTable(KeptSum, Base, table=True):
    """Which sums are kept."""

    __table_args__ = (one_of("family", SumFamily),)


class KeptDay(FrozenRow):
    """A sum of a day: its kind within the family, and of what days have counted the channel (else nil)."""

    __tablename__ = "kept_day"

    family: Annotated[SumFamily, text(primary_key=True)]
    day: Annotated[date, Field(primary_key=True)]
    kind: Annotated[str, text(primary_key=True)]
    channel_id: Annotated[UUID, identifier(primary_key=True)]
    amount: Annotated[int, big_int(nullable=False)]
    count: Annotated[int, big_int(nullable=False)]


class KeptDayTable(KeptDay, Base, table=True):
    """Sums by day."""

    __table_args__ = (one_of("family", SumFamily),)


class KeptShare(FrozenRow):
    """What an account bought less what it returned, on the days that are kept."""

    __tablename__ = "kept_share"

    account_id: Annotated[UUID, identifier(primary_key=True)]
    amount: Annotated[int, big_int(nullable=False)]


class KeptShareTable(KeptShare, Base, table=True):
    """Shares of accounts."""


class KindSum(NamedTuple):
    """What days came to, of a kind."""

    kind: str
    amount: int
    things: int


class Concentrated(NamedTuple):
    """Groups above 0; sums as digits, for squares of amounts are larger than any column."""

    groups: int
    total: str
    squares: str
