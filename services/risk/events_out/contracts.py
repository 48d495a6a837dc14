"""Contracts with accounts and partners. Key: the account's stream key, or the partner's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id


class ContractSnapshot(Part):
    """A version of a contract; `ends_on` None is open. Exactly one of account and partner is the other party.
    `exchange_rate` (absent: 1) is that of the day on which the value was agreed."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"

    id: UUID
    number: str
    stream_key: UUID
    type: Literal["sales", "framework", "distribution", "service", "nda"]
    state: Literal["draft", "legal_review", "approved", "signed", "in_force", "fulfilled", "expired", "terminated"]
    account_id: UUID | None
    partner_id: UUID | None
    owner_id: UUID | None
    agreement_id: UUID | None
    value: int
    value_base: int
    currency: str
    base_currency: str
    starts_on: date
    ends_on: date | None
    notice_days: int
    renewal: Literal["none", "by_agreement", "automatic"]
    version: int
    changed: list[str]
    business_date: date
    exchange_rate: str | None = None


CONTRACT: dict[str, Any] = {
    "id": sample_id("14"),
    "number": "CT-2026-000001",
    "stream_key": sample_id("1"),
    "type": "framework",
    "state": "signed",
    "account_id": sample_id("1"),
    "partner_id": None,
    "owner_id": sample_id("a1"),
    "agreement_id": None,
    "value": 10000000,
    "value_base": 1370000,
    "currency": "CNY",
    "base_currency": "USD",
    "starts_on": "2026-01-01",
    "ends_on": "2026-12-31",
    "notice_days": 60,
    "renewal": "by_agreement",
    "version": 1,
    "changed": ["state"],
    "business_date": "2025-12-20",
    "exchange_rate": "0.137",
}


class ContractSigned(Published, ContractSnapshot):
    """A contract was signed on `signed_on`."""

    signed_on: date

    TYPE: ClassVar[str] = "risk.contract.signed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**CONTRACT, "signed_on": "2025-12-20"}


class ContractInForce(Published, ContractSnapshot):
    """A contract holds from today on."""

    TYPE: ClassVar[str] = "risk.contract.in_force.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**CONTRACT, "state": "in_force", "business_date": "2026-01-01"}


class ContractAmended(Published, ContractSnapshot):
    """The next version of a contract holds from `effective_on` on."""

    amendment_id: UUID
    effective_on: date

    TYPE: ClassVar[str] = "risk.contract.amended.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **CONTRACT,
        "state": "in_force",
        "version": 2,
        "changed": ["value", "value_base"],
        "business_date": "2026-02-14",
        "amendment_id": sample_id("96"),
        "effective_on": "2026-03-01",
    }


class ContractRenewalDue(Published, ContractSnapshot):
    """The last day of notice comes: 90, 60 and 30 days before it."""

    notice_by: date
    days_before: int

    TYPE: ClassVar[str] = "risk.contract.renewal_due.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **CONTRACT,
        "state": "in_force",
        "version": 3,
        "changed": [],
        "business_date": "2026-08-03",
        "notice_by": "2026-11-01",
        "days_before": 90,
    }


class ContractExpired(Published, ContractSnapshot):
    """The last day of a contract is over; `state` says whether it was fulfilled."""

    TYPE: ClassVar[str] = "risk.contract.expired.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**CONTRACT, "state": "expired", "business_date": "2027-01-01"}


class ContractTerminated(Published, ContractSnapshot):
    """A contract ends before its time, after `terminated_on`."""

    terminated_on: date
    reason: ReasonCode

    TYPE: ClassVar[str] = "risk.contract.terminated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **CONTRACT,
        "state": "terminated",
        "business_date": "2026-06-01",
        "terminated_on": "2026-07-31",
        "reason": "breach",
    }


PUBLISHED: tuple[type[Published], ...] = (
    ContractSigned,
    ContractInForce,
    ContractAmended,
    ContractRenewalDue,
    ContractExpired,
    ContractTerminated,
)
AGREED: tuple[type[Published], ...] = ()
