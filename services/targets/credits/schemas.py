"""Bodies of the credit lines."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kit.web.schema import Schema
from services.targets.credits.enums import CreditKind


class CreditLineRead(Schema):
    """What one member got of one order line, or of the result `subject_id`; no `unit_path` is "unassigned".

    `amount` is net; money is in minor units of `currency`, all other measures in thousandths. `account_id` is the
    account that it reads as after merges, `filed_account_id` the one it was made for; `order_date` of a result without
    an order is the day whose membership counts.
    """

    id: UUID
    order_id: UUID | None
    subject_id: UUID | None
    account_id: UUID | None
    filed_account_id: UUID | None
    line_no: int
    member_id: UUID
    unit_path: list[UUID]
    kind: CreditKind
    product_line: str | None
    region: str | None
    customer_type: str | None
    channel_id: UUID | None
    order_date: date
    posting_date: date
    currency: str
    amount: int
    margin: int | None
    costed_net: int | None
    gross: int
    cash: int
    units: int
    new_product: int
    new_customers: int
    visits: int
    won: int
    lost: int
    answers: int
    csat_top: int
    promoters: int
    detractors: int
    nps_answers: int
    source_event_id: UUID
    recorded_at: datetime
