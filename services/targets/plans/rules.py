"""Pure rules of plans: their moves, what differs from what they are copies of, and what was changed on both sides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from kit.errors import Conflict, FieldError, Invalid, StateConflict
from kit.money import allocate
from kit.transitions import Move, Moves
from services.targets.plans.enums import TargetPlanState

NOUN = "plan"
MAX_OPEN = 20
MAX_NAMED = 100
MAX_ITEMS = 1_000

_OPEN, _PROPOSED, _APPROVED = TargetPlanState.OPEN, TargetPlanState.PROPOSED, TargetPlanState.APPROVED
STANDING = (_OPEN, _PROPOSED, _APPROVED)
"""What may still be promoted."""
MOVES: Moves[TargetPlanState] = {
    "propose": Move((_OPEN,), _PROPOSED),
    "approve": Move((_PROPOSED,), _APPROVED),
    "drop": Move(STANDING, TargetPlanState.DROPPED),
    "promote": Move(STANDING, TargetPlanState.PROMOTED),
    "rebase": Move(STANDING, _OPEN),
    "transfer": Move(STANDING, _OPEN),
}


class TooManyPlans(Conflict):
    code, title = "too-many-plans", f"A tree has at most {MAX_OPEN} plans that are not promoted or dropped"


class PlanPromoted(Conflict):
    code, title = "plan-promoted", "The plan was promoted"


class PlanNotApproved(Conflict):
    code, title = "not-approved", "The policy asks for an approval of the plan by a second person"


class AlreadyReported(Conflict):
    """A report has told of the day from which on the tree would change."""

    code, title = (
        "already-reported",
        "A report tells of the tree as it is on that day; let the plan hold from a later one",
    )

    def __init__(self, until: date) -> None:
        super().__init__(extra={"reported_until": until.isoformat()})


class EffectiveBeforeLast(Conflict):
    """The newest change of the tree holds from a later day on: it would be taken back in part."""

    code, title = "effective-before-last", "The change before it holds from a later day on"

    def __init__(self, last: date) -> None:
        super().__init__(extra={"last_valid_from": last.isoformat()})


class NothingToChange(Conflict):
    code, title = "nothing-to-change", "What is active is as the plan has it"


class ValidFromOutside(Invalid):
    code, title = "target-period-invalid", "The period is over by then"


class TransferApart(Conflict):
    code, title = "transfer-apart", "The target cannot go below this parent"


class BasesApart(Conflict):
    code, title = "plan-bases-apart", "The planned denominators of the parts do not sum to that of their target"


UNPARTED = "what is read off a day has no parts by time"
"""Why a target of such a metric goes nowhere in the middle of its period."""


class TransferOutside(Invalid):
    code, title = "transfer-outside", "A target is parted inside its period"


class LockOfRoot(Invalid):
    code, title = "lock-of-root", "Only children keep an amount when others change"


class LockUnequal(Invalid):
    code, title = "lock-unequal", "A locked child amounts to its lock"


class Cell(NamedTuple):
    """A target of a plan and its keys from the root down: what it amounted to when it was copied, what the live one
    does now (None: there is none), and what the plan says."""

    target_id: UUID
    keys: tuple[str, ...]
    base: int | None
    live: int | None
    plan: int | None

    def shown(self) -> dict[str, Any]:
        """As a problem names it."""
        return {
            "target_id": str(self.target_id),
            "keys": list(self.keys),
            "base": self.base,
            "live": self.live,
            "plan": self.plan,
        }


def _named(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    return [one.shown() for one in sorted(cells, key=lambda one: one.keys)[:MAX_NAMED]]


class PlanOutdated(Conflict):
    """What is active changed since the plan was copied."""

    code, title = "plan-outdated", "What is active changed since the plan was made; rebase it"

    def __init__(self, cells: Sequence[Cell]) -> None:
        super().__init__(extra={"changed": _named(cells), "count": len(cells)})


class PlanConflicts(Conflict):
    """Both sides changed the same cells."""

    code, title = "plan-conflicts", "The plan and what is active changed the same targets; say whose amounts to prefer"

    def __init__(self, cells: Sequence[Cell]) -> None:
        super().__init__(extra={"conflicts": _named(cells), "count": len(cells)})


def check_standing(state: TargetPlanState, action: str) -> None:
    """Raises PlanPromoted, StateConflict (dropped)."""
    if state is TargetPlanState.PROMOTED:
        raise PlanPromoted
    if state not in MOVES[action].sources:
        raise StateConflict(NOUN, action, state, MOVES[action].sources)


def check_valid_from(valid_from: date, period_end: date) -> None:
    """A plan holds from a day of its period or an earlier one on. Raises ValidFromOutside."""
    if valid_from > period_end:
        raise ValidFromOutside(errors=[FieldError("/valid_from", "after-end", f"the period ends on {period_end}")])


def check_transfer(first: date, last: date, day: date) -> None:
    """A target is parted on a day of its period, not the first. Raises TransferOutside."""
    if not first < day <= last:
        raise TransferOutside(errors=[FieldError("/from", "outside", f"expected a day after {first}, until {last}")])


def parted(amount: int, days: tuple[int, int]) -> tuple[int, int]:
    """What stays and what goes of an amount, by the working days before and from a day on; without any of them all
    goes."""
    weights = days if any(days) else (0, 1)
    stays, goes = allocate(amount, weights, ("0", "1"))
    return stays, goes


def chains_of(
    places: Mapping[UUID, tuple[UUID | None, UUID | None]], one: UUID, other: UUID
) -> tuple[list[UUID], list[UUID], UUID]:
    """The targets above each of two up to what they have in common, and that; a place is the parent and the
    decomposition. Raises TransferApart unless both are below it by the same decomposition."""
    lines = [_line(places, each) for each in (one, other)]
    common = next((each for each in lines[0][1:] if each in lines[1][1:]), None)
    if common is None:
        raise TransferApart("they have no target in common")
    sides = [line[: line.index(common)] for line in lines]
    if places[sides[0][-1]][1] != places[sides[1][-1]][1]:
        raise TransferApart("they are in different decompositions of the target that they have in common")
    return sides[0][1:], sides[1][1:], common


def _line(places: Mapping[UUID, tuple[UUID | None, UUID | None]], start: UUID) -> list[UUID]:
    found, at = [start], places[start][0]
    while at is not None:
        found.append(at)
        at = places[at][0]
    return found


def locked_amount(changes: Mapping[str, Any], amount: int, lock: int | None, *, is_root: bool) -> dict[str, Any]:
    """What becomes of amount and lock: a lock is the amount, and an amount that is set moves the lock that stands.
    Raises LockOfRoot, LockUnequal."""
    given = changes.get("locked")
    if given is not None and is_root:
        raise LockOfRoot(errors=[FieldError("/locked", "root", "the plan of the root is its amount")])
    if given is not None and changes.get("amount", given) != given:
        raise LockUnequal(errors=[FieldError("/locked", "unequal", f"the amount is {changes['amount']}")])
    if given is not None:
        return {"amount": given, "locked": given}
    if "locked" in changes or lock is None:
        return {"amount": changes.get("amount", amount), "locked": None}
    new = changes.get("amount", amount)
    return {"amount": new, "locked": new}


def paths_of(places: Mapping[UUID, tuple[UUID | None, str | None]]) -> dict[UUID, tuple[str, ...]]:
    """Keys from the root down by target; a place is the parent and the key below it."""
    found: dict[UUID, tuple[str, ...]] = {}
    for start in places:
        chain, at = [], start
        while at not in found:
            chain.append(at)
            parent, _ = places[at]
            if parent is None or parent not in places:
                break
            at = parent
        for each in reversed(chain):
            parent, key = places[each]
            above = found.get(parent, ()) if parent is not None else ()
            found[each] = () if parent is None else (*above, str(key))
    return found


def conflicts_of(cells: Iterable[Cell], chosen: Collection[UUID]) -> list[Cell]:
    """Cells that somebody set in the plan (`chosen`) and that changed since, to something else."""
    return [one for one in cells if one.target_id in chosen and one.live not in (None, one.base, one.plan)]
