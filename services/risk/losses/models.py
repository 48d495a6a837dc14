"""Rows and tables of losses that other services tell of."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier
from services.risk.db import Base


class CaseRemedy(FrozenRow):
    """What making good did cost (base currency) by the latest `version` of a case; it counts when that was opened."""

    __tablename__ = "case_remedy"

    case_id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID | None, identifier(nullable=True)] = None
    day: Annotated[date, Field(nullable=False)]
    cost: Annotated[int, big_int(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class CaseRemedyTable(CaseRemedy, Base, table=True):
    """Costs of cases."""

    __table_args__ = (sa.Index("ix_case_remedy_day", "day", postgresql_where=sa.text("cost > 0")),)


class ChurnedAccount(FrozenRow):
    """An account that left on a business day."""

    __tablename__ = "churned_account"

    account_id: Annotated[UUID, identifier(primary_key=True)]
    day: Annotated[date, Field(primary_key=True)]


class ChurnedAccountTable(ChurnedAccount, Base, table=True):
    """Accounts that left."""

    __table_args__ = (sa.Index("ix_churned_account_day", "day"),)
