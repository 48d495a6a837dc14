"""The credit ledger: what is known of each credited order, its lines for ever, and their daily sums."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, big_int, document, identifier, identifiers, moment, text
from services.targets.credits.enums import CreditKind
from services.targets.db import Base


class CreditedOrder(FrozenRow):
    """An order that was credited: its shares by member, the sequence of its newest fact, and what it stands at.

    `reason` is the resolved conflict whose split took the place of the order's own shares.
    """

    __tablename__ = "credited_order"

    order_id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    stream_key: Annotated[UUID, identifier(nullable=False)]
    order_date: date
    currency: Annotated[str, text(nullable=False)]
    shares: Annotated[dict[str, int], DECODED, document(nullable=False)]
    sequence: Annotated[int, big_int(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    reason: Annotated[str | None, text(nullable=True)] = None


class CreditedOrderTable(CreditedOrder, Base, table=True):
    """Credited orders."""

    __table_args__ = (sa.Index("ix_credited_order_account_id_order_date", "account_id", "order_date"),)


class CreditLineRow(FrozenRow):
    """What one member got of one order line; an empty `unit_path` is "unassigned"."""

    __tablename__ = "credit_line"

    id: Annotated[UUID, identifier(primary_key=True)]
    fact_id: Annotated[UUID, identifier(nullable=False)]
    source_event_id: Annotated[UUID, identifier(nullable=False)]
    ordinal: int
    sequence: Annotated[int, big_int(nullable=False)]
    kind: Annotated[CreditKind, text(nullable=False)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    line_no: int
    member_id: Annotated[UUID, identifier(nullable=False)]
    unit_path: Annotated[tuple[UUID, ...], identifiers(nullable=False)]
    product_line: Annotated[str | None, text(nullable=True)] = None
    region: Annotated[str | None, text(nullable=True)] = None
    customer_type: Annotated[str | None, text(nullable=True)] = None
    order_date: date
    posting_date: date
    currency: Annotated[str, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    recorded_at: Annotated[datetime, moment(nullable=False)]


class CreditLineTable(CreditLineRow, Base, table=True):
    """Credit lines."""

    __table_args__ = (
        sa.UniqueConstraint("source_event_id", "ordinal"),
        sa.Index("ix_credit_line_order_id", "order_id", "line_no", "member_id", "sequence"),
        sa.Index("ix_credit_line_member_id", "member_id", "posting_date", "id"),
        sa.Index("ix_credit_line_account_id", "account_id", "posting_date", "id"),
        sa.Index("ix_credit_line_posting_date", "posting_date", "id"),
        sa.Index("ix_credit_line_member_order_date", "member_id", "order_date"),
    )


class CreditBucket(FrozenRow):
    """Sum of the lines of one member, unit path, day and dimensions ('' stands for none)."""

    __tablename__ = "credit_bucket"

    member_id: Annotated[UUID, identifier(primary_key=True)]
    day: Annotated[date, Field(primary_key=True)]
    unit_path: Annotated[tuple[UUID, ...], identifiers(primary_key=True)]
    product_line: Annotated[str, text(primary_key=True)]
    region: Annotated[str, text(primary_key=True)]
    customer_type: Annotated[str, text(primary_key=True)]
    amount: Annotated[int, big_int(nullable=False)]
    lines: Annotated[int, big_int(nullable=False)]


class CreditBucketTable(CreditBucket, Base, table=True):
    """Daily sums."""

    __table_args__ = (sa.Index("ix_credit_bucket_day", "day"),)


class CreditLabel(FrozenRow):
    """A value of a dimension by the first 8 bytes of the SHA-256 of both, so that every fold gives it the same id; of a
    unit also its path."""

    __tablename__ = "credit_label"

    id: Annotated[int, Field(sa_type=sa.BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})]
    kind: Annotated[str, text(nullable=False)]
    value: Annotated[str, text(nullable=False)]
    path: Annotated[tuple[UUID, ...], identifiers(nullable=False)]


class CreditLabelTable(CreditLabel, Base, table=True):
    """Labels of the monthly sums."""


class CreditMonth(FrozenRow):
    """Sum of the lines of a month by the labels of unit and dimensions (0: none), whoever was credited."""

    __tablename__ = "credit_month"

    month: Annotated[date, Field(primary_key=True)]
    unit: Annotated[int, big_int(primary_key=True)]
    product_line: Annotated[int, big_int(primary_key=True)]
    region: Annotated[int, big_int(primary_key=True)]
    customer_type: Annotated[int, big_int(primary_key=True)]
    amount: Annotated[int, big_int(nullable=False)]
    lines: Annotated[int, big_int(nullable=False)]


class CreditMonthTable(CreditMonth, Base, table=True):
    """Monthly sums."""

    __table_args__ = (sa.Index("ix_credit_month_unit", "unit", "month"),)
