"""Financial statements of accounts and reports of credit agencies, as rows and as tables; neither ever changes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, moment, text
from services.risk.db import Base


class FinancialStatement(FrozenRow):
    """A balance sheet and its year, in minor units of any one currency: ratios are taken of them. Of two of one period
    the later entered counts."""

    __tablename__ = "financial_statement"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    period_end: Annotated[date, Field(nullable=False)]
    current_assets: Annotated[int, big_int(nullable=False)]
    current_liabilities: Annotated[int, big_int(nullable=False)]
    equity: Annotated[int, big_int(nullable=False)]
    total_assets: Annotated[int, big_int(nullable=False)]
    revenue: Annotated[int, big_int(nullable=False)]
    net_profit: Annotated[int, big_int(nullable=False)]
    created_by: Annotated[str, text(nullable=False)]
    created_at: Annotated[datetime, moment(nullable=False)]


class FinancialStatementTable(FinancialStatement, Base, table=True):
    """Financial statements."""

    __table_args__ = (
        sa.CheckConstraint("current_assets >= 0 AND current_liabilities >= 0 AND revenue >= 0", name="amounts"),
        sa.CheckConstraint("total_assets > 0", name="total_assets"),
        sa.Index("ix_financial_statement_created_at_id", "created_at", "id"),
        sa.Index("ix_financial_statement_latest", "account_id", "period_end", "created_at", "id"),
    )


class CreditReport(FrozenRow):
    """What an agency says of an account: points from 0 to 100, and whether it is insolvent. Of two of one day the later
    entered counts."""

    __tablename__ = "credit_report"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    reported_on: Annotated[date, Field(nullable=False)]
    score: Annotated[int, Field(nullable=False)]
    insolvency: Annotated[bool, Field(nullable=False)]
    created_by: Annotated[str, text(nullable=False)]
    created_at: Annotated[datetime, moment(nullable=False)]


class CreditReportTable(CreditReport, Base, table=True):
    """Credit reports."""

    __table_args__ = (
        sa.CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        sa.Index("ix_credit_report_created_at_id", "created_at", "id"),
        sa.Index("ix_credit_report_latest", "account_id", "reported_on", "created_at", "id"),
    )
