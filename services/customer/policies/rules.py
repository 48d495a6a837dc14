"""Pure rules of policies: from which day a version holds, and what a policy may say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kit.errors import FieldError, Invalid
from kit.transitions import Move, Moves
from services.customer.policies.enums import PolicyState

MOVES: Moves[PolicyState] = {"activate": Move((PolicyState.DRAFT,), PolicyState.ACTIVE)}


class DateOrder(Invalid):
    code, title = "date-order", "The dates are not in order"


class SlaOrder(Invalid):
    code, title = "sla-order", "A case is answered no earlier than it is first responded to"


def check_start(valid_from: date, today: date) -> None:
    """A policy never changes what held on days before today. Raises DateOrder."""
    if valid_from < today:
        raise DateOrder(errors=[FieldError("/valid_from", DateOrder.code, f"lies before {today}")])


def check_times(first_response: int, resolution: int, pointer: str) -> None:
    """Raises SlaOrder."""
    if resolution < first_response:
        detail = f"{resolution} is less than {first_response}"
        raise SlaOrder(errors=[FieldError(f"{pointer}/resolution", SlaOrder.code, detail)])


class GradingMethod(Invalid):
    code, title = "grading-method", "Grades go by shares or by thresholds, by one of them"


class GradingOrder(Invalid):
    code, title = "grading-order", "Grades follow each other"


class MatrixOrder(Invalid):
    code, title = "matrix-order", "Who is better in one grade and no worse in the other has no worse grade"


class LifecycleOrder(Invalid):
    code, title = "lifecycle-order", "An account is at risk before it is lost"


def check_silence(silent_days: int, lost_days: int) -> None:
    """Raises LifecycleOrder."""
    if lost_days <= silent_days:
        detail = f"{lost_days} does not lie over {silent_days}"
        raise LifecycleOrder(errors=[FieldError("/body/lost_days", LifecycleOrder.code, detail)])


class ChurnOrder(Invalid):
    code, title = "churn-order", "A warning is over no sooner than below where it begins"


def check_lines(warn_at: int, clear_below: int) -> None:
    """Raises ChurnOrder."""
    if clear_below > warn_at:
        detail = f"{clear_below} lies over {warn_at}"
        raise ChurnOrder(errors=[FieldError("/body/clear_below", ChurnOrder.code, detail)])


def check_method(has_shares: bool, has_thresholds: bool) -> None:
    """Raises GradingMethod."""
    if has_shares == has_thresholds:
        detail = "leave out one of shares and thresholds" if has_shares else "give shares or thresholds"
        raise GradingMethod(errors=[FieldError("/body/thresholds", GradingMethod.code, detail)])


def check_cuts(cuts: Sequence[int], pointer: str, *, rising: bool) -> None:
    """Those of A, B and C lie strictly in order: shares rise, boundaries fall. Raises GradingOrder."""
    for name, before, cut in zip("bc", cuts, cuts[1:], strict=False):
        if cut <= before if rising else cut >= before:
            detail = f"{cut} does not lie {'over' if rising else 'under'} {before}"
            raise GradingOrder(errors=[FieldError(f"{pointer}/{name}", GradingOrder.code, detail)])


def check_matrix(rows: Sequence[Sequence[str]]) -> None:
    """Grades never get better along a row or down a column. Raises MatrixOrder."""
    for i, row in enumerate(rows):
        for j, grade in enumerate(row):
            if (i and grade < rows[i - 1][j]) or (j and grade < row[j - 1]):
                pointer = f"/body/matrix/grade_{'abcd'[i]}/grade_{'abcd'[j]}"
                raise MatrixOrder(errors=[FieldError(pointer, MatrixOrder.code, f"{grade} is better than before")])


class WindowsOrder(Invalid):
    code, title = "windows-order", "Hours of a day follow each other, and some day has some"


def check_windows(windows: Sequence[tuple[int, int]], pointer: str) -> None:
    """Each window ends after it begins and no later than the next begins, in minutes. Raises WindowsOrder."""
    last = 0
    for number, (opens, closes) in enumerate(windows):
        if opens < last:
            raise WindowsOrder(
                errors=[FieldError(f"{pointer}/{number}/opens", WindowsOrder.code, "before the last ends")]
            )
        if closes <= opens:
            raise WindowsOrder(
                errors=[FieldError(f"{pointer}/{number}/closes", WindowsOrder.code, "ends as it begins")]
            )
        last = closes


def check_some_work(days: Sequence[Sequence[tuple[int, int]]]) -> None:
    """A week in which nobody works would let no clock end. Raises WindowsOrder."""
    if not any(days):
        raise WindowsOrder(errors=[FieldError("/body/weekdays", WindowsOrder.code, "nobody ever works")])
