"""Schemas of receivables; amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from kit.web.schema import BusinessDate, Schema


class ReceivableRead(Schema):
    """What is owed of a confirmed order: open = gross - returned - paid; below 0 it is a credit of the customer.
    `is_disputed`: some of what is open is disputed."""

    order_id: UUID
    account_id: UUID
    filed_account_id: UUID
    owner_id: UUID | None
    partner_id: UUID | None
    region: str | None
    order_date: date
    terms_days: int
    due_on: date
    gross: int
    returned: int
    paid: int
    open: int
    days_overdue: int
    is_disputed: bool


class AgeingRead(Schema):
    """What was open at the end of a day by days overdue; total = buckets - credits - unallocated.

    `key` is the id or the region the row is of, `none` where there is none, or `total`. Orders below zero are in
    `credits`, money on account in `unallocated`, neither in a bucket; `disputed` is a part of the buckets
    (of each order no more than was open then).
    """

    key: str
    as_of: date
    current: int
    d1_30: int
    d31_60: int
    d61_90: int
    over_90: int
    credits: int
    unallocated: int
    total: int
    disputed: int


class FiguresQuery(Schema):
    """Figures of which day, and of whom: everybody, an account, an owner or a partner."""

    as_of: BusinessDate | None = Field(default=None, description="business day, today by default")
    window_days: int = Field(default=90, ge=1, le=3660, description="days of sales, the last being that of `as_of`")
    account_id: UUID | None = None
    owner_id: UUID | None = None
    partner_id: UUID | None = None


class FiguresRead(Schema):
    """Days sales outstanding over credit orders, one decimal as text.

    dso = owed x window_days / sales, best_dso the same of what is not due yet, delay the difference; dso_countback
    counts back the months whose sales make up what is owed, `is_capped` when history ends before. Without sales in the
    window all are null and `insufficient_data` is true.
    """

    as_of: date
    window_days: int
    sales: int
    owed: int
    not_due: int
    dso: str | None = None
    best_dso: str | None = None
    delay: str | None = None
    dso_countback: str | None = None
    is_capped: bool = False
    insufficient_data: bool
