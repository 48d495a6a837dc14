"""What targets says. Keys: units and members share one constant key; targets the id of their root
target; credited orders the order's stream key. Amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published

ORGANISATION_KEY = "organisation"

_UNIT: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-0000000000d3",
    "code": "team-1",
    "name": "Team 1",
    "kind": "team",
    "parent_id": "01989f2e-0000-7000-8000-0000000000d2",
    "path": [
        "01989f2e-0000-7000-8000-0000000000d1",
        "01989f2e-0000-7000-8000-0000000000d2",
        "01989f2e-0000-7000-8000-0000000000d3",
    ],
    "version": 1,
    "changed": [],
}


class UnitChanged(Published):
    """A unit was made or changed; `path` from the root down, itself last."""

    id: UUID
    code: str
    name: str
    kind: str
    parent_id: UUID | None
    path: list[UUID]
    version: int
    changed: list[str]

    TYPE: ClassVar[str] = "targets.unit.changed.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = f"={ORGANISATION_KEY}"
    EXAMPLE: ClassVar[dict[str, Any]] = _UNIT


class Membership(Part):
    """Where a member belongs from `valid_from` until before `valid_to` (None: open)."""

    unit_id: UUID
    path: list[UUID]
    valid_from: date
    valid_to: date | None


class MemberSnapshot(Part):
    """A member with all memberships, oldest first; `subject` is the token subject."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = f"={ORGANISATION_KEY}"

    id: UUID
    code: str
    subject: str | None
    role: str
    memberships: list[Membership]
    version: int
    changed: list[str]


_MEMBER: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-0000000000a1",
    "code": "rep-01",
    "subject": "rep-01",
    "role": "sales_rep",
    "memberships": [
        {"unit_id": _UNIT["id"], "path": _UNIT["path"], "valid_from": "2026-01-01", "valid_to": None},
    ],
    "version": 1,
    "changed": [],
}


class MemberJoined(Published, MemberSnapshot):
    """A member joined a unit."""

    TYPE: ClassVar[str] = "targets.member.joined.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _MEMBER


class MemberMoved(Published, MemberSnapshot):
    """A member belongs to another unit from a date on, or one was corrected."""

    TYPE: ClassVar[str] = "targets.member.moved.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_MEMBER, "version": 2, "changed": ["memberships"]}


class MemberLeft(Published, MemberSnapshot):
    """A member left; the last membership has an end."""

    TYPE: ClassVar[str] = "targets.member.left.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_MEMBER, "version": 3, "changed": ["memberships"]}


class TargetSnapshot(Part):
    """A target: metric, scope, period, amount."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "root_id"

    id: UUID
    root_id: UUID
    parent_id: UUID | None
    decomposition_id: UUID | None
    name: str
    metric: str
    state: str
    currency: str
    amount: int
    period_start: date
    period_end: date
    unit_id: UUID | None
    member_id: UUID | None
    product_line: str | None
    region: str | None
    customer_type: str | None
    version: int
    changed: list[str]


_TARGET: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-0000000000c1",
    "root_id": "01989f2e-0000-7000-8000-0000000000c1",
    "parent_id": None,
    "decomposition_id": None,
    "name": "Revenue 2026 Q1",
    "metric": "revenue",
    "state": "active",
    "currency": "USD",
    "amount": 10000001,
    "period_start": "2026-01-01",
    "period_end": "2026-03-31",
    "unit_id": _UNIT["id"],
    "member_id": None,
    "product_line": None,
    "region": None,
    "customer_type": None,
    "version": 2,
    "changed": ["state"],
}


class TargetActivated(Published, TargetSnapshot):
    """A target counts from now on."""

    TYPE: ClassVar[str] = "targets.target.activated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _TARGET


class DecompositionChild(Part):
    """One child of a decomposition."""

    target_id: UUID
    key: str
    amount: int


class TargetDecomposed(Published):
    """A target was split along a dimension; the children sum to `amount` exactly."""

    id: UUID
    target_id: UUID
    root_id: UUID
    dimension: str
    amount: int
    children: list[DecompositionChild]
    version: int

    TYPE: ClassVar[str] = "targets.target.decomposed.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "root_id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": "01989f2e-0000-7000-8000-0000000000c9",
        "target_id": _TARGET["id"],
        "root_id": _TARGET["id"],
        "dimension": "month",
        "amount": 10000001,
        "children": [
            {"target_id": "01989f2e-0000-7000-8000-0000000000c2", "key": "2026-01", "amount": 3333334},
            {"target_id": "01989f2e-0000-7000-8000-0000000000c3", "key": "2026-02", "amount": 3333334},
            {"target_id": "01989f2e-0000-7000-8000-0000000000c4", "key": "2026-03", "amount": 3333333},
        ],
        "version": 1,
    }


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
                "unit_path": _UNIT["path"],
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


EVENTS: tuple[type[Published], ...] = (
    UnitChanged,
    MemberJoined,
    MemberMoved,
    MemberLeft,
    TargetActivated,
    TargetDecomposed,
    OrderCredited,
)
