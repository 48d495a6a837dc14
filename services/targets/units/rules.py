"""Pure rules of units: a unit's path from the root down, and what is visible by units and members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Visible:
    """What a caller sees of targets, credits and attainment: everything, or what belongs to `members` or to `units`.

    A manager sees what was credited inside the units led, also of members who have moved away since.
    """

    everything: bool
    members: tuple[UUID, ...] = ()
    units: tuple[UUID, ...] = ()

    def sees(self, member_id: UUID | None, unit_id: UUID | None) -> bool:
        """Whether what belongs to a member and to a unit is visible."""
        return self.everything or member_id in self.members or unit_id in self.units

    @property
    def scope(self) -> tuple[bool, Sequence[UUID], Sequence[UUID]]:
        """Parameters of a statement: everything, members, units."""
        return self.everything, self.members, self.units

    def rows(self, condition: str) -> tuple[str, Sequence[object]]:
        """As the condition of a list and its parameters; `condition` has the members as $1, the units as $2."""
        return ("TRUE", ()) if self.everything else (condition, (self.members, self.units))

    def of_units(self, column: str) -> tuple[str, Sequence[object]]:
        """The condition of a list of what belongs to units alone, by the column that names them, and its parameters."""
        return ("TRUE", ()) if self.everything else (f"{column} = ANY($1::uuid[])", (self.units,))
