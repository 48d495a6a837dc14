"""List of alerts."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.risk.alerts.models import RiskAlert
from services.risk.redirects.lists import filed_fields

OWNER = "a.owner_id"
ALERTS = ListSpec(
    source="risk_alert a",
    fields={
        **fields_of(
            RiskAlert, "a", sortable=("created_at", "raised_on"), without=("account_id", "stream_key", "silent_level")
        ),
        **filed_fields("a.account_id", nullable=True),
    },
    default_sort="created_at",
)
