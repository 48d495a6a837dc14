"""Channels: the ways things are sold. Key: the channel's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Published, ReasonCode, sample_id

ChannelKind = Literal[
    "field",
    "own_site",
    "marketplace",
    "shop",
    "distributor",
    "dealer",
    "agent",
    "reseller",
    "livestream",
    "social",
]


class ChannelChanged(Published):
    """A channel was made or changed; `is_direct`: the company sells itself."""

    id: UUID
    code: ReasonCode
    name: str
    kind: ChannelKind
    is_direct: bool
    parent_id: UUID | None
    regions: list[str]
    is_active: bool
    version: int
    changed: list[str]
    business_date: date

    TYPE: ClassVar[str] = "channels.channel.changed.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": sample_id("b2"),
        "code": "shop-cn",
        "name": "Web shop China",
        "kind": "own_site",
        "is_direct": True,
        "parent_id": None,
        "regions": ["CN"],
        "is_active": True,
        "version": 1,
        "changed": [],
        "business_date": "2026-02-14",
    }


PUBLISHED: tuple[type[Published], ...] = (ChannelChanged,)
AGREED: tuple[type[Published], ...] = ()
