"""List of alerts, each beside how its target was judged last."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.targets.alerts.models import TargetAlert
from services.targets.metrics.lists import cost_sql

ALERTS = ListSpec(
    source="target_alert a JOIN target t ON t.id = a.target_id LEFT JOIN target_judging j ON j.id = a.target_id",
    fields={
        **fields_of(TargetAlert, "a", sortable=("created_at", "raised_on", "changed_on"), unfiltered=("note",)),
        "name": Field("t.name", filterable=False),
        "member_id": Field("t.member_id", "uuid", nullable=True),
        "unit_id": Field("t.unit_id", "uuid", nullable=True),
        "below_unit_id": Field(
            "''", "uuid", match="EXISTS (SELECT FROM unit u WHERE u.id = t.unit_id AND u.path && {})", output=False
        ),
        "period_start": Field("t.period_start", "date"),
        "period_end": Field("t.period_end", "date"),
        "judged_on": Field("j.judged_on", "date", nullable=True),
        "pace": Field("j.pace", "int", nullable=True),
        "p_hit": Field("j.p_hit", "int", nullable=True),
        "p_hit_as_of": Field("j.p_hit_as_of", "date", nullable=True),
    },
    default_sort="-created_at",
)
FIGURES = ("figure", "pace", "p_hit")
"""What of an alert tells how much was credited."""
COST = cost_sql("t.metric")
"""Whether that is of costs."""
