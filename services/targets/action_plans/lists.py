"""List of action plans; `t` is the target, by which it is decided who sees them."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.targets.action_plans.models import ActionPlan

ACTION_PLANS = ListSpec(
    source="action_plan p JOIN target t ON t.id = p.target_id",
    fields={
        **fields_of(ActionPlan, "p", sortable=("name", "created_at", "progress"), without=("doers", "due_at")),
        "unit_id": Field("t.unit_id", "uuid", nullable=True),
        "member_id": Field("t.member_id", "uuid", nullable=True),
        "below_unit_id": Field(
            "''", "uuid", match="EXISTS (SELECT FROM unit u WHERE u.id = t.unit_id AND u.path && {})", output=False
        ),
        "step_owner_id": Field("''", "uuid", match="p.doers && {}", output=False),
    },
    search=("p.name",),
    search_key=search_of(ActionPlan, "p"),
)
