"""Pure rules of units: paths from the root down, days and leads, and what is visible by units and members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from kit.errors import Conflict

MAX_DEPTH = 12
_ONE = timedelta(days=1)


class UnitTooDeep(Conflict):
    code, title = "unit-too-deep", f"The organisation has at most {MAX_DEPTH} levels"


@dataclass(frozen=True, slots=True)
class Lead:
    """Who leads a unit from `valid_from` to `valid_to`, both included (None: open)."""

    member_id: UUID
    valid_from: date
    valid_to: date | None = None

    def covers(self, day: date) -> bool:
        """Whether this one leads on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class LeadHeld(Conflict):
    code, title = "lead-held", "That is who leads the unit from that day on already"


def path_below(parent_path: Sequence[UUID], unit_id: UUID) -> list[UUID]:
    """Ids from the root down to the unit, itself last; an empty parent path makes a root. Raises UnitTooDeep.

    Units keep their parent for ever, so no cycle can come about.
    """
    if len(parent_path) >= MAX_DEPTH:
        raise UnitTooDeep
    return [*parent_path, unit_id]


def lead_on(leads: Iterable[Lead], day: date) -> UUID | None:
    """Who leads on a day."""
    return next((one.member_id for one in leads if one.covers(day)), None)


def led_from(leads: Sequence[Lead], member_id: UUID | None, start: date) -> tuple[Lead, ...]:
    """The leads after `member_id` (None: nobody) leads from `start` on, until the next change that is known. Raises
    LeadHeld."""
    held = next((one for one in leads if one.covers(start)), None)
    if (None if held is None else held.member_id) == member_id:
        raise LeadHeld
    later = (one.valid_from - _ONE for one in leads if one.valid_from > start)
    until = held.valid_to if held is not None else min(later, default=None)
    found = [one for one in leads if one is not held]
    if held is not None and held.valid_from < start:
        found.append(replace(held, valid_to=start - _ONE))
    if member_id is not None:
        found.append(Lead(member_id, start, until))
    return _seamless(sorted(found, key=lambda one: one.valid_from))


def _seamless(leads: Sequence[Lead]) -> tuple[Lead, ...]:
    merged = list(leads[:1])
    for one in leads[1:]:
        last = merged[-1]
        if last.member_id == one.member_id and last.valid_to == one.valid_from - _ONE:
            merged[-1] = replace(last, valid_to=one.valid_to)
        else:
            merged.append(one)
    return tuple(merged)


def parted_leads(leads: Iterable[Lead], day: date) -> tuple[tuple[Lead, ...], tuple[Lead, ...]]:
    """The leads until the eve of a day, and those from it on."""
    before, after = [], []
    for one in leads:
        if one.valid_from < day:
            ends = one.valid_to is not None and one.valid_to < day
            before.append(one if ends else replace(one, valid_to=day - _ONE))
        if one.valid_to is None or one.valid_to >= day:
            after.append(one if one.valid_from >= day else replace(one, valid_from=day))
    return tuple(before), tuple(after)


def next_lead_day(leads: Iterable[Lead], today: date) -> date | None:
    """The next day after today on which somebody begins or no longer is to lead."""
    days = [day for one in leads for day in (one.valid_from, one.valid_to and one.valid_to + _ONE) if day]
    return min((day for day in days if day > today), default=None)


def is_there(days: tuple[date | None, date | None], first: date, last: date | None) -> bool:
    """Whether what is there from the first to the last of `days` (None: ever) is so on all from `first` to `last`."""
    begins, ends = days
    return (begins is None or begins <= first) and (ends is None or (last is not None and last <= ends))


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
