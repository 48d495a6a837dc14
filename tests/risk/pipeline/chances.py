"""Opportunities whose events customer would send."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import make_event
from services.customer.events_out import opportunities as facts

KINDS: dict[str, Any] = {
    "opened": facts.OpportunityOpened,
    "updated": facts.OpportunityUpdated,
    "stage_changed": facts.OpportunityStageChanged,
    "won": facts.OpportunityWon,
    "lost": facts.OpportunityLost,
    "reopened": facts.OpportunityReopened,
}


@dataclass
class Chance:
    """An opportunity whose events customer would send, of the next version each."""

    account_id: UUID
    amount: int
    category: str = "commit"
    closes: str | None = "2026-07-31"
    id: UUID = field(default_factory=new_id)
    version: int = 0

    def event(self, step: str = "opened", *, key: UUID | None = None) -> Event:
        self.version += 1
        kind, key = KINDS[step], key or self.account_id
        payload = {
            **kind.EXAMPLE,
            "id": self.id,
            "account_id": self.account_id,
            "stream_key": key,
            "amount": self.amount,
            "amount_base": self.amount,
            "expected_close": self.closes,
            "forecast_category": "closed" if step in ("won", "lost") else self.category,
            "version": self.version,
        }
        return make_event(kind.TYPE, payload, key, subject=str(self.id))
