"""Pure rules of policies: bands without gap or overlap, grades in order, who approves, what is in force on a day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from kit.errors import Conflict, FieldError, Forbidden, Invalid
from kit.transitions import Move, Moves
from services.risk.policies.enums import CreditGrade, RiskPolicyState

MOVES: Moves[RiskPolicyState] = {
    "approve": Move((RiskPolicyState.DRAFT,), RiskPolicyState.APPROVED),
    "activate": Move((RiskPolicyState.APPROVED,), RiskPolicyState.ACTIVE),
}
SIDES = range(1, 6)
"""Likelihoods, and impacts, of the matrix."""


class BandGap(Invalid):
    code, title = "band-gap", "The bands leave a gap or overlap"


class PdNotRising(Invalid):
    code, title = "pd-not-rising", "A worse grade needs a higher probability of default"


class EffectiveBeforeLast(Conflict):
    code, title = "effective-before-last", "The version before it begins later"


class GradeMissing(Invalid):
    code, title = "grade-missing", "The terms need each grade once"


class FutureDate(Invalid):
    code, title = "future-date", "The day has not come yet"


class DateOrder(Invalid):
    code, title = "date-order", "The dates are not in order"


class SamePerson(Forbidden):
    code, title = "same-person", "Somebody else than its author must decide"


class Range(NamedTuple):
    """A band from `low` to `high`; None: without end."""

    low: int | None
    high: int | None


class GradeRow(NamedTuple):
    """What must be in order: the grade, the score it begins at, its probability of default."""

    grade: CreditGrade
    score_from: int | None
    pd: int


class Activation(NamedTuple):
    """When a version was activated, as a place in the order of all of its kind, and from which day on."""

    ordinal: int
    effective_from: date


def _fault(error: type[Invalid], pointer: str, detail: str) -> Invalid:
    return error(detail, errors=[FieldError(pointer, error.code, detail)])


def check_bands(bands: Sequence[Range], pointer: str) -> None:
    """Every number lies in exactly one band: the first has no low end, the last no high end, each begins where the one
    before ends. Raises BandGap."""
    lows = [None, *(band.high for band in bands[:-1])]
    for number, (band, low) in enumerate(zip(bands, lows, strict=True)):
        if band.low != low or (number and low is None):
            raise _fault(BandGap, f"{pointer}/{number}/low", f"begins at {band.low} instead of {low}")
        if band.low is not None and band.high is not None and band.high <= band.low:
            raise _fault(BandGap, f"{pointer}/{number}/high", f"ends at {band.high}, not after {band.low}")
    if bands[-1].high is not None:
        raise _fault(BandGap, f"{pointer}/{len(bands) - 1}/high", f"nothing holds above {bands[-1].high}")


def check_bounds(bounds: Sequence[int], pointer: str) -> None:
    """Bounds between neighbouring classes rise. Raises BandGap."""
    for number, (before, bound) in enumerate(pairwise(bounds), start=1):
        if bound <= before:
            raise _fault(BandGap, f"{pointer}/{number}", f"{bound} does not lie above {before}")


def check_grades(rows: Sequence[GradeRow], pointer: str) -> None:
    """Each grade once, best first; their scores fall to 0 at D, their probabilities of default rise; NR stands apart.

    Raises GradeMissing, BandGap, PdNotRising.
    """
    if [row.grade for row in rows] != list(CreditGrade):
        raise _fault(GradeMissing, pointer, f"needs, in this order, {', '.join(CreditGrade)}")
    rated, unrated = rows[:-1], rows[-1]
    for number, row in enumerate(rated):
        upper = rated[number - 1].score_from if number else 101
        if row.score_from is None or upper is None or not row.score_from < upper:
            raise _fault(BandGap, f"{pointer}/{number}/score_from", f"{row.grade} must begin below {upper}")
    if rated[-1].score_from != 0 or unrated.score_from is not None:
        at = len(rated) - 1 if rated[-1].score_from != 0 else len(rated)
        raise _fault(BandGap, f"{pointer}/{at}/score_from", "the last grade begins at 0, NR has no score")
    for number, (better, worse) in enumerate(pairwise(rated), start=1):
        if worse.pd <= better.pd:
            raise _fault(PdNotRising, f"{pointer}/{number}/pd", f"{worse.grade} has {worse.pd}, after {better.pd}")


def check_cells(cells: Iterable[tuple[int, int]], pointer: str) -> None:
    """Each pair of likelihood and impact from 1 to 5 once. Raises BandGap."""
    missing = {(likelihood, impact) for likelihood in SIDES for impact in SIDES}
    for number, cell in enumerate(cells):
        if cell not in missing:
            raise _fault(BandGap, f"{pointer}/{number}", f"likelihood {cell[0]}, impact {cell[1]} a second time")
        missing.discard(cell)
    if missing:
        likelihood, impact = min(missing)
        raise _fault(BandGap, pointer, f"nothing holds for likelihood {likelihood}, impact {impact}")


def check_approver(subject: str, authors: Collection[str]) -> None:
    """Nobody approves what they wrote themselves. Raises SamePerson."""
    if subject in authors:
        raise SamePerson("the approver wrote this draft, or a part of it")


def check_start(effective_from: date, today: date, last: date | None) -> None:
    """A version begins today or later, and not before the one that was activated last. Raises DateOrder,
    EffectiveBeforeLast."""
    if effective_from < today:
        raise _fault(DateOrder, "/effective_from", f"lies before {today}")
    if last is not None and effective_from < last:
        detail = f"lies before {last}"
        raise EffectiveBeforeLast(detail, errors=[FieldError("/effective_from", EffectiveBeforeLast.code, detail)])


def in_force(activations: Iterable[Activation], day: date) -> Activation | None:
    """The last word among the versions that have begun by that day: a later activation counts from its first day on."""
    begun = [one for one in activations if one.effective_from <= day]
    return max(begun, key=lambda one: one.ordinal, default=None)
