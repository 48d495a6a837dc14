"""The credit ledger: what is known of each credited order, its lines for ever, and their daily sums."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, big_int, document, identifier, identifiers, moment, text
from services.targets.credits.enums import CreditKind
from services.targets.db import Base


def _measure() -> Any:
    return big_int(nullable=False, sa_column_kwargs={"server_default": "0"})


class Measures(FrozenRow):
    """What is summed beside the net amount; `costed_net` is the part of it whose cost, and so whose margin, is
    known."""

    costed_net: Annotated[int, _measure()] = 0
    gross: Annotated[int, _measure()] = 0
    cash: Annotated[int, _measure()] = 0
    units: Annotated[int, _measure()] = 0
    new_product: Annotated[int, _measure()] = 0
    new_customers: Annotated[int, _measure()] = 0
    visits: Annotated[int, _measure()] = 0
    won: Annotated[int, _measure()] = 0
    lost: Annotated[int, _measure()] = 0
    answers: Annotated[int, _measure()] = 0
    csat_top: Annotated[int, _measure()] = 0
    promoters: Annotated[int, _measure()] = 0
    detractors: Annotated[int, _measure()] = 0
    nps_answers: Annotated[int, _measure()] = 0


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


class CreditLineRow(Measures):
    """What one member got of one order line, or of the result `subject_id`; an empty `unit_path` is "unassigned".

    `order_date` is the day whose membership decides the unit, of a result without an order too; `margin` is null where
    the cost is not known.
    """

    __tablename__ = "credit_line"

    id: Annotated[UUID, identifier(primary_key=True)]
    fact_id: Annotated[UUID, identifier(nullable=False)]
    source_event_id: Annotated[UUID, identifier(nullable=False)]
    ordinal: int
    sequence: Annotated[int, big_int(nullable=False)]
    kind: Annotated[CreditKind, text(nullable=False)]
    order_id: Annotated[UUID | None, identifier(nullable=True)] = None
    subject_id: Annotated[UUID | None, identifier(nullable=True)] = None
    account_id: Annotated[UUID | None, identifier(nullable=True)] = None
    line_no: int
    member_id: Annotated[UUID, identifier(nullable=False)]
    unit_path: Annotated[tuple[UUID, ...], identifiers(nullable=False)]
    product_line: Annotated[str | None, text(nullable=True)] = None
    region: Annotated[str | None, text(nullable=True)] = None
    customer_type: Annotated[str | None, text(nullable=True)] = None
    channel_id: Annotated[UUID | None, identifier(nullable=True)] = None
    order_date: date
    posting_date: date
    currency: Annotated[str, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    margin: Annotated[int | None, big_int(nullable=True)] = None
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
        sa.Index(
            "ix_credit_line_subject_id",
            "subject_id",
            "sequence",
            postgresql_where=sa.text("subject_id IS NOT NULL"),
        ),
    )


class UnlaunchedLine(FrozenRow):
    """A credited line of a product that nobody had told of: whether it is new is decided when the product is heard
    of."""

    __tablename__ = "unlaunched_line"

    order_id: Annotated[UUID, identifier(primary_key=True)]
    line_no: Annotated[int, Field(primary_key=True)]
    sku: Annotated[str, text(nullable=False, index=True)]


class UnlaunchedLineTable(UnlaunchedLine, Base, table=True):
    """Lines whose product is not known yet."""


class CreditBucket(Measures):
    """Sum of the lines of one member, unit path, day and dimensions ('' stands for none)."""

    __tablename__ = "credit_bucket"

    member_id: Annotated[UUID, identifier(primary_key=True)]
    day: Annotated[date, Field(primary_key=True)]
    unit_path: Annotated[tuple[UUID, ...], identifiers(primary_key=True)]
    product_line: Annotated[str, text(primary_key=True)]
    region: Annotated[str, text(primary_key=True)]
    customer_type: Annotated[str, text(primary_key=True)]
    channel: Annotated[str, text(primary_key=True, sa_column_kwargs={"server_default": ""})]
    amount: Annotated[int, big_int(nullable=False)]
    margin: Annotated[int, _measure()] = 0
    lines: Annotated[int, big_int(nullable=False)]


class CreditBucketTable(CreditBucket, Base, table=True):
    """Daily sums."""

    __table_args__ = (
        sa.Index("ix_credit_bucket_day", "day"),
        sa.Index("ix_credit_bucket_unit_day", sa.text("(unit_path[cardinality(unit_path)])"), "day"),
    )


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


class CreditMonth(Measures):
    """Sum of the lines of a month by the labels of unit and dimensions (0: none), whoever was credited."""

    __tablename__ = "credit_month"

    month: Annotated[date, Field(primary_key=True)]
    unit: Annotated[int, big_int(primary_key=True)]
    product_line: Annotated[int, big_int(primary_key=True)]
    region: Annotated[int, big_int(primary_key=True)]
    customer_type: Annotated[int, big_int(primary_key=True)]
    channel: Annotated[int, big_int(primary_key=True, sa_column_kwargs={"server_default": "0"})]
    amount: Annotated[int, big_int(nullable=False)]
    margin: Annotated[int, _measure()] = 0
    lines: Annotated[int, big_int(nullable=False)]


class CreditMonthTable(CreditMonth, Base, table=True):
    """Monthly sums."""

    __table_args__ = (sa.Index("ix_credit_month_unit", "unit", "month"),)


class CreditDay(Measures):
    """Sum of the lines of a day by the label of the unit (0: none), whoever was credited of whatever."""

    __tablename__ = "credit_day"

    day: Annotated[date, Field(primary_key=True)]
    unit: Annotated[int, big_int(primary_key=True)]
    amount: Annotated[int, big_int(nullable=False)]
    margin: Annotated[int, _measure()] = 0
    lines: Annotated[int, big_int(nullable=False)]


class CreditDayTable(CreditDay, Base, table=True):
    """Daily sums of units."""


class CreditMemberMonth(Measures):
    """Sum of the lines of a month by member and the labels of unit and dimensions (0: none), of all product lines."""

    __tablename__ = "credit_member_month"

    month: Annotated[date, Field(primary_key=True)]
    member_id: Annotated[UUID, identifier(primary_key=True)]
    unit: Annotated[int, big_int(primary_key=True)]
    region: Annotated[int, big_int(primary_key=True)]
    customer_type: Annotated[int, big_int(primary_key=True)]
    channel: Annotated[int, big_int(primary_key=True)]
    amount: Annotated[int, big_int(nullable=False)]
    margin: Annotated[int, _measure()] = 0
    lines: Annotated[int, big_int(nullable=False)]


class CreditMemberMonthTable(CreditMemberMonth, Base, table=True):
    """Monthly sums of members."""


class CreditOfferDay(Measures):
    """Sum of the lines of a day by the labels of product line, customer type and channel (0: none), whoever was
    credited."""

    __tablename__ = "credit_offer_day"

    day: Annotated[date, Field(primary_key=True)]
    product_line: Annotated[int, big_int(primary_key=True)]
    customer_type: Annotated[int, big_int(primary_key=True)]
    channel: Annotated[int, big_int(primary_key=True)]
    amount: Annotated[int, big_int(nullable=False)]
    margin: Annotated[int, _measure()] = 0
    lines: Annotated[int, big_int(nullable=False)]


class CreditOfferDayTable(CreditOfferDay, Base, table=True):
    """Daily sums of what was sold, and how."""


class CreditRegionDay(Measures):
    """Sum of the lines of a day by the labels of region, customer type and channel (0: none), whoever was credited of
    whatever."""

    __tablename__ = "credit_region_day"

    day: Annotated[date, Field(primary_key=True)]
    region: Annotated[int, big_int(primary_key=True)]
    customer_type: Annotated[int, big_int(primary_key=True)]
    channel: Annotated[int, big_int(primary_key=True)]
    amount: Annotated[int, big_int(nullable=False)]
    margin: Annotated[int, _measure()] = 0
    lines: Annotated[int, big_int(nullable=False)]


class CreditRegionDayTable(CreditRegionDay, Base, table=True):
    """Daily sums of regions."""


class CreditMemberDay(Measures):
    """Sum of the lines of a day by member and the label of the unit (0: none), of whatever."""

    __tablename__ = "credit_member_day"

    day: Annotated[date, Field(primary_key=True)]
    member_id: Annotated[UUID, identifier(primary_key=True)]
    unit: Annotated[int, big_int(primary_key=True)]
    amount: Annotated[int, big_int(nullable=False)]
    margin: Annotated[int, _measure()] = 0
    lines: Annotated[int, big_int(nullable=False)]


class CreditMemberDayTable(CreditMemberDay, Base, table=True):
    """Daily sums of members."""

    __table_args__ = (sa.Index("ix_credit_member_day_unit", "unit", "day"),)


class CreditMemberProduct(Measures):
    """Sum of the lines of a month by member and the labels of unit and product line (0: none)."""

    __tablename__ = "credit_member_product"

    month: Annotated[date, Field(primary_key=True)]
    member_id: Annotated[UUID, identifier(primary_key=True)]
    unit: Annotated[int, big_int(primary_key=True)]
    product_line: Annotated[int, big_int(primary_key=True)]
    amount: Annotated[int, big_int(nullable=False)]
    margin: Annotated[int, _measure()] = 0
    lines: Annotated[int, big_int(nullable=False)]


class CreditMemberProductTable(CreditMemberProduct, Base, table=True):
    """Monthly sums of members by product line."""
