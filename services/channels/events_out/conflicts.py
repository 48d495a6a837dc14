"""Conflicts between channels. Key: the conflict's id."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, sample_id

ConflictKind = Literal[
    "same_customer",
    "partner_direct",
    "territory_breach",
    "cross_region",
    "exclusivity_breach",
    "price_undercut",
]


class ConflictSnapshot(Part):
    """A conflict of `partner_ids` (none: the company itself is a party) about an account; `order_ids` are the first
    1,000 of its orders."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"

    id: UUID
    number: str
    kind: ConflictKind
    state: Literal["opened", "assessed", "mediation", "proposed", "agreed", "arbitrated", "closed", "dismissed"]
    partner_ids: list[UUID]
    account_id: UUID | None
    order_ids: list[UUID]
    owner_id: UUID | None
    version: int
    changed: list[str]
    business_date: date


_CONFLICT: dict[str, Any] = {
    "id": sample_id("b7"),
    "number": "CF-2026-000001",
    "kind": "same_customer",
    "state": "opened",
    "partner_ids": [sample_id("b1"), sample_id("bb")],
    "account_id": sample_id("1"),
    "order_ids": [sample_id("2")],
    "owner_id": sample_id("a1"),
    "version": 1,
    "changed": [],
    "business_date": "2026-02-14",
}


class ConflictOpened(Published, ConflictSnapshot):
    """A conflict was found."""

    TYPE: ClassVar[str] = "channels.conflict.opened.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _CONFLICT


class ConflictResolved(Published, ConflictSnapshot):
    """A conflict was decided, or dismissed; the newest by (`resolved_at`, `id`) counts.

    A split: orders of `account_id` dated from `valid_from` to `valid_to` (None: open) are credited by `member_shares`
    and count for rebates by `partner_shares`, each summing to 1,000,000. Both are empty for every other outcome.
    """

    outcome: Literal["keep", "transfer", "split", "compensation", "policy_change", "dismissed"]
    resolved_at: datetime
    valid_from: date | None
    valid_to: date | None
    member_shares: dict[UUID, int]
    partner_shares: dict[UUID, int]

    TYPE: ClassVar[str] = "channels.conflict.resolved.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_CONFLICT,
        "state": "agreed",
        "version": 5,
        "changed": ["state"],
        "business_date": "2026-02-20",
        "outcome": "split",
        "resolved_at": "2026-02-20T03:04:05.123456Z",
        "valid_from": "2026-02-21",
        "valid_to": "2026-12-31",
        "member_shares": {sample_id("a1"): 600000, sample_id("a2"): 400000},
        "partner_shares": {sample_id("b1"): 600000, sample_id("bb"): 400000},
    }


PUBLISHED: tuple[type[Published], ...] = (ConflictOpened, ConflictResolved)
AGREED: tuple[type[Published], ...] = ()
