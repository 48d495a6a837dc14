"""What contracts oblige to. Key: that of the contract."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, sample_id


class ObligationSnapshot(Part):
    """An obligation of one side; `amount` in minor units of the base currency, None where it is no sum.

    `occurrence` counts from 1 how often it became open: a reversal may open one again that was met.
    """

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"

    id: UUID
    contract_id: UUID
    stream_key: UUID
    account_id: UUID | None
    partner_id: UUID | None
    owner_id: UUID | None
    kind: Literal["delivery", "payment", "report", "volume", "confidentiality"]
    side: Literal["us", "them"]
    state: Literal["pending", "late", "met", "waived"]
    due_on: date
    amount: int | None
    currency: str
    occurrence: int
    version: int
    business_date: date


_OBLIGATION: dict[str, Any] = {
    "id": sample_id("97"),
    "contract_id": sample_id("14"),
    "stream_key": sample_id("1"),
    "account_id": sample_id("1"),
    "partner_id": None,
    "owner_id": sample_id("a1"),
    "kind": "volume",
    "side": "them",
    "state": "pending",
    "due_on": "2026-03-31",
    "amount": 100000,
    "currency": "USD",
    "occurrence": 1,
    "version": 1,
    "business_date": "2026-03-24",
}


class ObligationDue(Published, ObligationSnapshot):
    """An obligation is due soon."""

    TYPE: ClassVar[str] = "risk.obligation.due.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _OBLIGATION


class ObligationMet(Published, ObligationSnapshot):
    """An obligation was met on `met_on`, `days_late` days after it was due (at least 0)."""

    met_on: date
    days_late: int

    TYPE: ClassVar[str] = "risk.obligation.met.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_OBLIGATION,
        "state": "met",
        "version": 2,
        "business_date": "2026-03-28",
        "met_on": "2026-03-28",
        "days_late": 0,
    }


class ObligationLate(Published, ObligationSnapshot):
    """An obligation was not met on its day."""

    TYPE: ClassVar[str] = "risk.obligation.late.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_OBLIGATION, "state": "late", "version": 2, "business_date": "2026-04-01"}


PUBLISHED: tuple[type[Published], ...] = (ObligationDue, ObligationMet, ObligationLate)
AGREED: tuple[type[Published], ...] = ()
