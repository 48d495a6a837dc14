"""How risky a contract is, in points from 0 to 100: pure, all figures given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from services.risk.contracts.enums import ClauseResult
from services.risk.contracts.rules import Judged
from services.risk.policies.enums import CreditGrade

GRADES: Mapping[CreditGrade, int] = dict(
    zip(
        (
            CreditGrade.AAA,
            CreditGrade.AA,
            CreditGrade.A,
            CreditGrade.BBB,
            CreditGrade.BB,
            CreditGrade.B,
            CreditGrade.CCC,
            CreditGrade.D,
            CreditGrade.NR,
        ),
        (0, 0, 5, 10, 15, 20, 25, 30, 15),
        strict=True,
    )
)
PER_CLAUSE, MOST_OF_CLAUSES = 5, 20
LATE, DISPUTED = 20, 20
CONCENTRATION = ((Fraction(1, 4), 10), (Fraction(1, 10), 5))
WINDOW_DAYS = 365


class ContractFigures(NamedTuple):
    """What a score is made of: the grade of the account, optional clauses that failed, obligations of the window and
    those of them that were late, value and what of it is disputed, and the value of all contracts in force."""

    grade: CreditGrade
    failed_clauses: int
    obligations: int
    late: int
    value: int
    disputed: int
    in_force: int


class ContractPoints(NamedTuple):
    """Points by factor."""

    grade: Fraction
    clauses: Fraction
    obligations: Fraction
    disputes: Fraction
    concentration: Fraction

    @property
    def score(self) -> int:
        """Their sum, rounded half-even once: at most 100."""
        return round(sum(self, Fraction(0)))


def three_decimals(points: Fraction) -> str:
    """Points as text: 5/3 -> "1.667"."""
    thousandths = round(points * 1000)
    return f"{thousandths // 1000}.{thousandths % 1000:03d}"


def failed_optional(clauses: Sequence[Judged]) -> int:
    """How many clauses have failed that are not mandatory."""
    return sum(not one.is_mandatory and one.result is ClauseResult.FAIL for one in clauses)


def share(part: int, whole: int) -> Fraction:
    """A share, of 1 at most; of nothing there is none."""
    return min(Fraction(1), Fraction(part, whole)) if whole > 0 else Fraction(0)


def points_of(figures: ContractFigures) -> ContractPoints:
    """Points by factor: B, two clauses, 25 % late, 10 % disputed, 12 % of all value in force -> 42."""
    part = share(figures.value, figures.in_force)
    return ContractPoints(
        grade=Fraction(GRADES[figures.grade]),
        clauses=Fraction(min(MOST_OF_CLAUSES, PER_CLAUSE * figures.failed_clauses)),
        obligations=LATE * share(figures.late, figures.obligations),
        disputes=DISPUTED * share(figures.disputed, figures.value),
        concentration=Fraction(next((points for least, points in CONCENTRATION if part >= least), 0)),
    )
