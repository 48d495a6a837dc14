"""Channel partners. Key: the partner's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id

PARTNER: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-0000000000b1",
    "code": "P-001",
    "name": "Harbour Distribution",
    "kind": "distributor",
    "state": "active",
    "regions": ["CN-SH"],
    "version": 2,
    "changed": ["state"],
    "tier": "gold",
    "owner_id": sample_id("a1"),
    "country": "CN",
    "product_lines": ["rock"],
    "account_id": sample_id("c1"),
}


class PartnerSnapshot(Part):
    """A channel partner (an organisation); `owner_id` is who is responsible, `tier` the level it has now.

    `account_id` is the account that it is as a customer, `product_lines` are what it sells (empty: all). Tax id and
    bank account are told to nobody; `changed` names them.
    """

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"

    id: UUID
    code: str
    name: str
    kind: str
    state: str
    regions: list[str]
    version: int
    changed: list[str]
    tier: ReasonCode | None = None
    owner_id: UUID | None = None
    country: str | None = None
    product_lines: list[str] | None = None
    account_id: UUID | None = None


class PartnerApplied(Published, PartnerSnapshot):
    """A partner was entered, or is on its way to sell: `state` says how far."""

    TYPE: ClassVar[str] = "channels.partner.applied.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**PARTNER, "state": "applied", "version": 1, "changed": []}


class PartnerActivated(Published, PartnerSnapshot):
    """A partner may sell."""

    TYPE: ClassVar[str] = "channels.partner.activated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = PARTNER


class PartnerSuspended(Published, PartnerSnapshot):
    """A partner may not sell for now."""

    TYPE: ClassVar[str] = "channels.partner.suspended.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**PARTNER, "state": "suspended", "version": 3}


class PartnerScreened(Published, PartnerSnapshot):
    """A partner was weighed against the criteria; `score` in hundredths of a point, 0 to 10,000."""

    score: int
    is_passed: bool
    criteria_version: int
    business_date: date

    TYPE: ClassVar[str] = "channels.partner.screened.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **PARTNER,
        "state": "approved",
        "score": 7550,
        "is_passed": True,
        "criteria_version": 1,
        "business_date": "2026-02-14",
    }


class PartnerTerminated(Published, PartnerSnapshot):
    """A partner sells no more; what it earned is still settled."""

    reason: ReasonCode
    business_date: date

    TYPE: ClassVar[str] = "channels.partner.terminated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **PARTNER,
        "state": "terminated",
        "version": 4,
        "reason": "contract_ended",
        "business_date": "2026-12-31",
    }


PUBLISHED: tuple[type[Published], ...] = (
    PartnerApplied,
    PartnerActivated,
    PartnerSuspended,
    PartnerScreened,
    PartnerTerminated,
)
AGREED: tuple[type[Published], ...] = ()
