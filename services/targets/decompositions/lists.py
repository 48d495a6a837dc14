"""List of the decompositions of a target."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.targets.decompositions.models import DecompositionRow

_SHOWN = ("target_id", "root_id", "amount", "children_sum", "version", "updated_at")

DECOMPOSITIONS = ListSpec(source="decomposition d", fields=fields_of(DecompositionRow, "d", unfiltered=_SHOWN))
OF_TARGET = "d.target_id = $1"
