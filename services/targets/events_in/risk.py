"""What targets hears of risk: what may call for an adjustment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from kit.events.contract import Heard


class AlertHeard(Heard):
    """An indicator left its bounds, became worse, was seen, or came back."""

    id: UUID
    indicator_id: UUID
    target_id: UUID | None
    account_id: UUID | None
    measure: str
    state: str
    level: str
    value: int | None
    threshold: int
    is_escalation: bool
    version: int
    business_date: date


HEARD: Mapping[str, type[Heard]] = {
    "risk.alert.raised.v1": AlertHeard,
    "risk.alert.acknowledged.v1": AlertHeard,
    "risk.alert.resolved.v1": AlertHeard,
}
