"""List of the decompositions of a target."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.targets.decompositions.models import DecompositionRow

_SHOWN = ("target_id", "root_id", "amount", "children_sum", "over_assignment", "version", "updated_at")

OVERLAPPING = (
    "EXISTS (SELECT 1 FROM target c JOIN unit u ON u.id = c.unit_id CROSS JOIN unnest(u.path) AS above(id) "
    "JOIN target a ON a.decomposition_id = d.id AND a.child_key = above.id::text AND a.unit_id = above.id "
    "WHERE c.decomposition_id = d.id AND c.unit_id <> above.id)"
)
"""Whether a child of decomposition `d` is about a unit above that of another one."""

DECOMPOSITIONS = ListSpec(
    source="decomposition d",
    fields={
        **fields_of(DecompositionRow, "d", unfiltered=_SHOWN, without=("carried", "origin_id")),
        "overlapping": Field(OVERLAPPING, "bool"),
    },
)
OF_TARGET = "d.target_id = $1"
