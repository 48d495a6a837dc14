"""Schemas of rebates; amounts are minor units of the base currency, rates are millionths."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kit.web.schema import Schema
from services.channels.rebates.enums import LedgerAccount


class RebateAccountRead(Schema):
    """What a partner has sold and earned in a programme's period."""

    id: UUID
    partner_id: UUID
    partner_code: str | None
    programme_id: UUID
    programme_name: str | None
    programme_version: int
    period_start: date
    period_end: date
    currency: str
    position: int
    accrued: int
    focus: int | None
    baseline: int | None


class SliceRead(Schema):
    """The part of a move that lies in one tier."""

    start: int
    end: int
    rate: int


class RebateTakenBackRead(Schema):
    """What a return takes back of a closed period: `amount` was earned there with `volume`, of which `before` had come
    back by then and `returned` has now."""

    period_start: date
    period_end: date
    amount: int
    volume: int
    before: int
    returned: int


class RebateEntryRead(Schema):
    """One side of an accrual, with the inputs of the decision."""

    id: UUID
    accrual_id: UUID
    account_id: UUID
    partner_id: UUID
    programme_id: UUID
    programme_version: int
    period_start: date
    period_end: date
    order_id: UUID
    order_date: date
    posting_date: date
    ledger_account: LedgerAccount
    amount: int
    currency: str
    volume: int
    position_before: int
    position_after: int
    slices: list[SliceRead]
    taken_back: RebateTakenBackRead | None
    source_event_id: UUID
    recorded_at: datetime
