"""What targets hears of products, channels and resolved conflicts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from kit.events.contract import Heard


class ProductHeard(Heard):
    """A product: its line, and the day it was launched."""

    id: UUID
    sku: str
    product_line: str
    is_active: bool
    version: int
    launch_date: date | None = None


class ChannelHeard(Heard):
    """A channel, as a dimension."""

    id: UUID
    code: str
    name: str
    kind: str
    is_direct: bool
    version: int


class ConflictResolvedHeard(Heard):
    """A decided conflict; a split credits the account's orders dated within its validity by `member_shares`.

    The newest by (`resolved_at`, `id`) counts; shares are millionths and sum to 1,000,000.
    """

    id: UUID
    account_id: UUID | None
    outcome: Literal["keep", "transfer", "split", "compensation", "policy_change", "dismissed"]
    resolved_at: datetime
    valid_from: date | None
    valid_to: date | None
    member_shares: dict[UUID, int]


HEARD: Mapping[str, type[Heard]] = {
    "channels.product.changed.v1": ProductHeard,
    "channels.channel.changed.v1": ChannelHeard,
    "channels.conflict.resolved.v1": ConflictResolvedHeard,
}
