"""Service cases: questions, incidents, complaints, feedback."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id

CaseState = Literal["received", "acknowledged", "assessed", "investigating", "responded", "closed"]


class Remedy(Part):
    """What the company gave to make good; cost in base currency."""

    kind: ReasonCode
    cost_base: int


class CaseSnapshot(Part):
    """A case; without an account its own id is the key. `days_open` are calendar days since `opened_on`."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"

    id: UUID
    number: str
    account_id: UUID | None
    stream_key: UUID
    owner_id: UUID | None
    kind: Literal["question", "incident", "complaint", "feedback"]
    severity: Literal["low", "medium", "high", "critical"]
    state: CaseState
    order_id: UUID | None
    sku: str | None
    remedy: Remedy | None
    root_cause: ReasonCode | None
    opened_on: date
    days_open: int
    version: int
    changed: list[str]
    business_date: date


_CASE: dict[str, Any] = {
    "id": sample_id("10"),
    "number": "CS-2026-000001",
    "account_id": sample_id("1"),
    "stream_key": sample_id("1"),
    "owner_id": sample_id("a3"),
    "kind": "complaint",
    "severity": "high",
    "state": "received",
    "order_id": sample_id("2"),
    "sku": "CD-ROCK",
    "remedy": None,
    "root_cause": None,
    "opened_on": "2026-02-14",
    "days_open": 0,
    "version": 1,
    "changed": [],
    "business_date": "2026-02-14",
}


class CaseOpened(Published, CaseSnapshot):
    """A case was received."""

    TYPE: ClassVar[str] = "customer.case.opened.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _CASE


class CaseStateChanged(Published, CaseSnapshot):
    """A case stands in another state."""

    previous_state: CaseState

    TYPE: ClassVar[str] = "customer.case.state_changed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_CASE,
        "state": "acknowledged",
        "version": 2,
        "changed": ["state"],
        "previous_state": "received",
    }


class CaseSlaBreached(Published, CaseSnapshot):
    """A clock ran out at `breached_at`; once per clock and attempt, however late it was seen."""

    clock: Literal["first_response", "resolution"]
    attempt: int
    breached_at: datetime
    detected_at: datetime

    TYPE: ClassVar[str] = "customer.case.sla_breached.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_CASE,
        "version": 3,
        "clock": "first_response",
        "attempt": 1,
        "breached_at": "2026-02-14T05:04:05.123456Z",
        "detected_at": "2026-02-14T05:04:06.123456Z",
    }


class CaseClosed(Published, CaseSnapshot):
    """A case was closed; `is_accepted` says whether the customer took the answer."""

    is_accepted: bool

    TYPE: ClassVar[str] = "customer.case.closed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_CASE,
        "state": "closed",
        "remedy": {"kind": "replacement", "cost_base": 137},
        "root_cause": "transport",
        "days_open": 4,
        "version": 7,
        "changed": ["state"],
        "business_date": "2026-02-18",
        "is_accepted": True,
    }


PUBLISHED: tuple[type[Published], ...] = (CaseOpened, CaseStateChanged, CaseSlaBreached, CaseClosed)
AGREED: tuple[type[Published], ...] = ()
