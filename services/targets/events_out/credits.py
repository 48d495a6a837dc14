"""Who is credited for an order. Key: the order's stream key."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published
from services.targets.events_out.units import UNIT


class CreditLine(Part):
    """What one member got of one order line; an empty `unit_path` is "unassigned"."""

    line_no: int
    member_id: UUID
    unit_path: list[UUID]
    product_line: str | None
    region: str | None
    customer_type: str | None
    amount: int


class OrderCredited(Published):
    """The decision who is credited for an order (or its return) with all its inputs."""

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
                "customer_type": "retail",
                "amount": 247,
            },
            {
                "line_no": 1,
                "member_id": "01989f2e-0000-7000-8000-0000000000a2",
                "unit_path": [],
                "product_line": "rock",
                "region": "CN-SH",
                "customer_type": "retail",
                "amount": 164,
            },
        ],
        "source_event_id": "01989f2e-0000-7000-8000-0000000000e2",
    }


PUBLISHED: tuple[type[Published], ...] = (OrderCredited,)
