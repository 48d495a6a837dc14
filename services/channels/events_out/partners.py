"""Channel partners. Key: the partner's id."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published

PARTNER: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-0000000000b1",
    "code": "P-001",
    "name": "Harbour Distribution",
    "kind": "distributor",
    "state": "active",
    "regions": ["CN-SH"],
    "version": 2,
    "changed": ["state"],
}


class PartnerSnapshot(Part):
    """A channel partner (an organisation)."""

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


class PartnerApplied(Published, PartnerSnapshot):
    """A partner was entered."""

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


PUBLISHED: tuple[type[Published], ...] = (
    PartnerApplied,
    PartnerActivated,
    PartnerSuspended,
)
