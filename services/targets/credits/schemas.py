"""Bodies of the credit lines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from kit.web.schema import Schema


class CreditLineRead(Schema):
    """What one member got of one order line, in minor units of `currency`; no `unit_path` is "unassigned".

    `account_id` is the account that the order's reads as after merges, `filed_account_id` the one it was made for.
    """

    id: UUID
    order_id: UUID
    account_id: UUID
    filed_account_id: UUID
    line_no: int
    member_id: UUID
    unit_path: list[UUID]
    kind: Literal["confirmed", "returned", "corrected"]
    product_line: str | None
    region: str | None
    customer_type: str | None
    order_date: date
    posting_date: date
    currency: str
    amount: int
    source_event_id: UUID
    recorded_at: datetime
