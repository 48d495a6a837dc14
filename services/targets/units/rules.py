"""Pure rules of units: a unit's path from the root down."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.errors import Conflict

MAX_DEPTH = 12


class UnitTooDeep(Conflict):
    code, title = "unit-too-deep", f"The organisation has at most {MAX_DEPTH} levels"


def path_below(parent_path: Sequence[UUID], unit_id: UUID) -> list[UUID]:
    """Ids from the root down to the unit, itself last; an empty parent path makes a root. Raises UnitTooDeep.

    Units keep their parent for ever, so no cycle can come about.
    """
    if len(parent_path) >= MAX_DEPTH:
        raise UnitTooDeep
    return [*parent_path, unit_id]
