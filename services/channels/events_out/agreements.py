"""Agreements with partners. Key: the partner's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id


class AgreementSnapshot(Part):
    """A version of an agreement; empty `product_lines` are all, `valid_to` None is open.

    `minimum_volume_base` is the net volume owed between both days, `max_discount` a share in millionths.
    """

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "partner_id"

    id: UUID
    number: str
    partner_id: UUID
    owner_id: UUID | None
    state: Literal["draft", "proposed", "signed", "expired", "terminated"]
    territory: list[str]
    product_lines: list[str]
    mode: Literal["online", "offline", "all"]
    exclusivity: Literal["none", "sole", "exclusive"]
    minimum_volume_base: int | None
    max_discount: int | None
    currency: str
    notice_days: int
    valid_from: date
    valid_to: date | None
    signed_on: date | None
    version: int
    changed: list[str]
    business_date: date


_AGREEMENT: dict[str, Any] = {
    "id": sample_id("bc"),
    "number": "AG-2026-000001",
    "partner_id": sample_id("b1"),
    "owner_id": sample_id("a1"),
    "state": "signed",
    "territory": ["CN-SH"],
    "product_lines": ["rock"],
    "mode": "offline",
    "exclusivity": "sole",
    "minimum_volume_base": 1000000,
    "max_discount": 150000,
    "currency": "USD",
    "notice_days": 60,
    "valid_from": "2026-01-01",
    "valid_to": "2026-12-31",
    "signed_on": "2025-12-20",
    "version": 1,
    "changed": ["state"],
    "business_date": "2025-12-20",
}


class AgreementSigned(Published, AgreementSnapshot):
    """An agreement, or its next version, holds from `valid_from` on."""

    TYPE: ClassVar[str] = "channels.agreement.signed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _AGREEMENT


class AgreementRenewalDue(Published, AgreementSnapshot):
    """An agreement ends in `days_left` days; said 90, 60 and 30 days before."""

    days_left: int

    TYPE: ClassVar[str] = "channels.agreement.renewal_due.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_AGREEMENT,
        "changed": [],
        "business_date": "2026-10-02",
        "days_left": 90,
    }


class AgreementExpired(Published, AgreementSnapshot):
    """The last day of an agreement is over."""

    TYPE: ClassVar[str] = "channels.agreement.expired.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_AGREEMENT,
        "state": "expired",
        "version": 2,
        "business_date": "2027-01-01",
    }


class AgreementTerminated(Published, AgreementSnapshot):
    """An agreement ends before its time, after `terminated_on`."""

    terminated_on: date
    reason: ReasonCode

    TYPE: ClassVar[str] = "channels.agreement.terminated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_AGREEMENT,
        "state": "terminated",
        "version": 2,
        "business_date": "2026-06-01",
        "terminated_on": "2026-07-31",
        "reason": "minimum_missed",
    }


PUBLISHED: tuple[type[Published], ...] = (
    AgreementSigned,
    AgreementRenewalDue,
    AgreementExpired,
    AgreementTerminated,
)
AGREED: tuple[type[Published], ...] = ()
