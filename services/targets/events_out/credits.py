"""Who is credited for an order. Key: the order's stream key."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id
from services.targets.events_out.units import UNIT

_MEASURES = dict.fromkeys(
    (
        "cash",
        "new_product",
        "visits",
        "won",
        "lost",
        "answers",
        "csat_top",
        "promoters",
        "detractors",
        "nps_answers",
    )
)


class CreditLine(Part):
    """What one member got of one order line; an empty `unit_path` is "unassigned".

    `amount` is net. Measures of 0 are left out, and a `margin` that nobody knows; `costed_net` is left out where it
    follows: `amount` with a margin, else 0. Money is in minor units of the base currency, all others in thousandths. A
    result without order lines has the single line 1. `nps_answers` are those of the `answers` that recommend or not.
    """

    line_no: int
    member_id: UUID
    unit_path: list[UUID]
    product_line: str | None
    region: str | None
    customer_type: str | None
    amount: int
    margin: int | None = None
    costed_net: int | None = None
    gross: int | None = None
    cash: int | None = None
    units: int | None = None
    new_product: int | None = None
    new_customers: int | None = None
    visits: int | None = None
    won: int | None = None
    lost: int | None = None
    answers: int | None = None
    csat_top: int | None = None
    promoters: int | None = None
    detractors: int | None = None
    nps_answers: int | None = None


class OrderCredited(Published):
    """The decision who is credited for an order (or its return) with all its inputs.

    `rule` is the version of the crediting rule (absent: 1), `channel_id` the order's; `reason` names the resolved
    conflict whose split took the place of the order's own.
    """

    order_id: UUID
    account_id: UUID
    stream_key: UUID
    kind: Literal["confirmed", "returned", "corrected"]
    order_date: date
    posting_date: date
    currency: str
    amount: int
    shares: dict[UUID, int]
    lines: list[CreditLine]
    source_event_id: UUID
    rule: int | None = None
    channel_id: UUID | None = None
    reason: ReasonCode | None = None

    TYPE: ClassVar[str] = "targets.order.credited.v1"
    SUBJECT: ClassVar[str] = "order_id"
    KEY: ClassVar[str] = "stream_key"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "order_id": "01989f2e-0000-7000-8000-000000000002",
        "account_id": "01989f2e-0000-7000-8000-000000000001",
        "stream_key": "01989f2e-0000-7000-8000-000000000001",
        "kind": "confirmed",
        "order_date": "2026-02-14",
        "posting_date": "2026-02-14",
        "currency": "USD",
        "amount": 411,
        "shares": {
            "01989f2e-0000-7000-8000-0000000000a1": 600000,
            "01989f2e-0000-7000-8000-0000000000a2": 400000,
        },
        "lines": [
            {
                "line_no": 1,
                "member_id": "01989f2e-0000-7000-8000-0000000000a1",
                "unit_path": UNIT["path"],
                "product_line": "rock",
                "region": "CN-SH",
                "customer_type": "existing",
                "amount": 247,
                **_MEASURES,
                "margin": 67,
                "costed_net": 247,
                "gross": 279,
                "units": 1800,
                "new_customers": 600,
            },
            {
                "line_no": 1,
                "member_id": "01989f2e-0000-7000-8000-0000000000a2",
                "unit_path": [],
                "product_line": "rock",
                "region": "CN-SH",
                "customer_type": "existing",
                "amount": 164,
                **_MEASURES,
                "margin": 44,
                "costed_net": 164,
                "gross": 185,
                "units": 1200,
                "new_customers": 400,
            },
        ],
        "source_event_id": "01989f2e-0000-7000-8000-0000000000e2",
        "rule": 2,
        "channel_id": sample_id("b2"),
        "reason": sample_id("b7"),
    }


class ResultCredited(Published):
    """The decision who is credited for a result that is no order's net: money, a visit, an opportunity, an answer.

    `subject_id` is the payment, activity, opportunity or answer; `order_id` the order whose shares apply, if any.
    `order_date` is the day whose membership decides the unit: the order's, the closing day of what is reopened.
    A payment has a fact per order: `source_ordinal` is that of its first line among all lines of the event.
    """

    subject_id: UUID
    order_id: UUID | None
    account_id: UUID | None
    stream_key: UUID
    kind: Literal["paid", "refunded", "voided", "visited", "closed", "reopened", "answered", "corrected"]
    order_date: date | None
    posting_date: date
    currency: str
    amount: int
    shares: dict[UUID, int]
    lines: list[CreditLine]
    source_event_id: UUID
    source_ordinal: int
    rule: int
    channel_id: UUID | None
    reason: ReasonCode | None
    business_date: date

    TYPE: ClassVar[str] = "targets.result.credited.v1"
    SUBJECT: ClassVar[str] = "subject_id"
    KEY: ClassVar[str] = "stream_key"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **OrderCredited.EXAMPLE,
        "subject_id": sample_id("4"),
        "kind": "paid",
        "posting_date": "2026-02-20",
        "amount": 0,
        "shares": {"01989f2e-0000-7000-8000-0000000000a1": 1000000},
        "lines": [
            {
                "line_no": 1,
                "member_id": "01989f2e-0000-7000-8000-0000000000a1",
                "unit_path": UNIT["path"],
                "product_line": "rock",
                "region": "CN-SH",
                "customer_type": "existing",
                "amount": 0,
                **_MEASURES,
                "margin": None,
                "costed_net": None,
                "gross": None,
                "units": None,
                "new_customers": None,
                "cash": 137,
            }
        ],
        "source_ordinal": 0,
        "reason": None,
        "business_date": "2026-02-20",
    }


PUBLISHED: tuple[type[Published], ...] = (OrderCredited, ResultCredited)
AGREED: tuple[type[Published], ...] = ()
