"""List of adjustments; `t` is the target, by which it is decided who sees them."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.targets.adjustments.models import Adjustment
from services.targets.metrics.lists import cost_sql

ADJUSTMENTS = ListSpec(
    source="adjustment a JOIN target t ON t.id = a.target_id",
    fields={
        **fields_of(
            Adjustment,
            "a",
            sortable=("created_at", "executed_on", "measured_on"),
            unfiltered=("reason",),
            without=("due_at",),
        ),
        "unit_id": Field("t.unit_id", "uuid", nullable=True),
        "member_id": Field("t.member_id", "uuid", nullable=True),
        "below_unit_id": Field(
            "''", "uuid", match="EXISTS (SELECT FROM unit u WHERE u.id = t.unit_id AND u.path && {})", output=False
        ),
    },
    default_sort="-created_at",
)
FIGURES = ("effect",)
"""What of an adjustment tells how much was credited."""
COST = cost_sql("t.metric")
"""Whether that is of costs."""
