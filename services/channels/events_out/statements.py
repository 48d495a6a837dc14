"""Statements of rebates. Key: the partner's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published, sample_id


class StatementSnapshot(Part):
    """A statement: carry + accruals + adjustments = total = payable + carried, in minor units of the base currency;
    what is carried stands in the next one."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "partner_id"

    id: UUID
    number: str
    partner_id: UUID
    owner_id: UUID | None
    posting_date: date
    currency: str
    carry: int
    accruals: int
    adjustments: int
    total: int
    payable: int
    carried: int
    approved_by: str
    version: int
    business_date: date


_STATEMENT: dict[str, Any] = {
    "id": sample_id("bf"),
    "number": "RS-2026-000001",
    "partner_id": sample_id("b1"),
    "owner_id": sample_id("a1"),
    "posting_date": "2026-03-31",
    "currency": "USD",
    "carry": 0,
    "accruals": 6,
    "adjustments": 0,
    "total": 6,
    "payable": 6,
    "carried": 0,
    "approved_by": "director",
    "version": 2,
    "business_date": "2026-04-02",
}


class RebateStatementApproved(Published, StatementSnapshot):
    """A second person agreed to a statement; what is payable is owed to the partner."""

    TYPE: ClassVar[str] = "channels.rebate.statement_approved.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _STATEMENT


class RebatePaid(Published, StatementSnapshot):
    """A statement was paid on `paid_on`."""

    paid_on: date

    TYPE: ClassVar[str] = "channels.rebate.paid.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_STATEMENT,
        "version": 3,
        "business_date": "2026-04-05",
        "paid_on": "2026-04-05",
    }


PUBLISHED: tuple[type[Published], ...] = (RebateStatementApproved, RebatePaid)
AGREED: tuple[type[Published], ...] = ()
