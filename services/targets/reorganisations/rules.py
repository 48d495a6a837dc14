"""Pure rules of reorganisations: what may end, go on elsewhere, and under which codes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from kit.errors import Conflict, FieldError, Invalid

MAX_NAMED = 100


class Use(NamedTuple):
    """What names a unit after a day."""

    kind: str
    id: UUID
    label: str

    def shown(self) -> dict[str, Any]:
        """As an answer or a problem names it."""
        return {"kind": self.kind, "id": str(self.id), "label": self.label}


class UnitInUse(Conflict):
    """Something names the unit after that day."""

    code, title = "unit-in-use", "The unit is used after that day"

    def __init__(self, uses: Sequence[Use]) -> None:
        super().__init__(extra={"used_by": [one.shown() for one in uses[:MAX_NAMED]], "count": len(uses)})


class UnitEnded(Conflict):
    code, title = "unit-ended", "The unit has ended, or ends before that day, already"


class UnitAlreadyThere(Conflict):
    code, title = "unit-already-there", "The unit is below that parent already"


class UnitNotBegun(Conflict):
    code, title = "unit-not-begun", "The unit begins on that day or a later one"


class ParentInside(Invalid):
    code, title = "parent-inside", "A unit goes below no part of itself"


class UnitCodes(Invalid):
    code, title = "unit-codes", "Each unit below goes on under a code of its own"


def check_end(days: tuple[date | None, date | None], successor_id: UUID | None, on: date) -> None:
    """Whether a unit of these days can have `on` as its last. Raises UnitNotBegun, UnitEnded."""
    first, last = days
    if first is not None and on < first:
        raise UnitNotBegun(f"it begins on {first}")
    if last is not None and (last < on or (successor_id is not None and on < last)):
        raise UnitEnded(f"it ends on {last}")


def check_goes_on(days: tuple[date | None, date | None], successor_id: UUID | None, start: date) -> None:
    """Whether a unit of these days can go on as another from `start` on. Raises UnitNotBegun, UnitEnded."""
    first, last = days
    if first is not None and start <= first:
        raise UnitNotBegun(f"it begins on {first}")
    if successor_id is not None or (last is not None and last < start):
        raise UnitEnded(f"it ends on {last}")


def codes_of(units: Mapping[UUID, str], named: Collection[tuple[UUID, str]], top: tuple[UUID, str]) -> dict[UUID, str]:
    """The code under which each unit goes on: that of the top one, and those named of all below it. Raises UnitCodes
    (one without, one that is none of them, the same one twice)."""
    found = dict([top])
    for index, (unit_id, code) in enumerate(named):
        if unit_id not in units or unit_id in found:
            detail = "named twice" if unit_id in found else "no such unit below it"
            raise UnitCodes(errors=[FieldError(f"/below/{index}/unit_id", "unit-codes", detail)])
        found[unit_id] = code
    if missing := sorted(code for unit_id, code in units.items() if unit_id not in found):
        raise UnitCodes(errors=[FieldError("/below", "unit-codes", f"name a code of: {', '.join(missing[:20])}")])
    return found
