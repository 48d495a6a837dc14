"""List of alerts."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.risk.alerts.models import RiskAlert

OWNER = "a.owner_id"
ALERTS = ListSpec(
    source="risk_alert a",
    fields=fields_of(RiskAlert, "a", sortable=("created_at", "raised_on"), without=("stream_key", "silent_level")),
    default_sort="created_at",
)
