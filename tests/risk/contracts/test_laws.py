"""The risk score of a contract, by the figures of the requirement."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.risk.contracts.enums import ClauseResult
from services.risk.contracts.laws import ContractFigures, failed_optional, points_of, three_decimals
from services.risk.contracts.models import Clause
from services.risk.policies.enums import CreditGrade

B = ContractFigures(CreditGrade.B, 2, obligations=8, late=2, value=120, disputed=12, in_force=1_000)


def test_the_example_of_the_requirement() -> None:
    points = points_of(B)
    assert [int(each) for each in points] == [20, 10, 5, 2, 5]
    assert points.score == 42


@pytest.mark.parametrize(
    ("grade", "points"), list(zip(CreditGrade, (0, 0, 5, 10, 15, 20, 25, 30, 15), strict=True)), ids=str
)
def test_points_of_grades(grade: CreditGrade, points: int) -> None:
    assert points_of(B._replace(grade=grade)).grade == points


def test_steps_of_the_other_factors() -> None:
    assert [points_of(B._replace(failed_clauses=n)).clauses for n in (0, 3, 4, 9)] == [0, 15, 20, 20]
    shares = (99, 100, 249, 250, 1_000)
    assert [points_of(B._replace(value=n)).concentration for n in shares] == [0, 5, 5, 10, 10]
    assert points_of(B._replace(obligations=0, late=0)).obligations == 0
    assert points_of(B._replace(value=0)).disputes == 0
    assert points_of(B._replace(disputed=9_999)).disputes == 20
    worst = B._replace(grade=CreditGrade.D, failed_clauses=4, late=8, disputed=120, in_force=120)
    assert points_of(worst).score == 100
    assert three_decimals(Fraction(5, 3)) == "1.667"


def test_mandatory_clauses_are_the_gate_and_count_no_points() -> None:
    results = [(True, ClauseResult.FAIL), (False, ClauseResult.FAIL), (False, None), (False, ClauseResult.PASS)]
    clauses = [Clause(code=f"c{n}", title="", is_mandatory=must, result=done) for n, (must, done) in enumerate(results)]
    assert failed_optional(clauses) == 1


counts = st.integers(0, 50)


@given(st.sampled_from(CreditGrade), counts, counts, counts, counts, counts, counts)
def test_a_score_is_0_to_100_and_never_falls_with_what_is_wrong(
    grade: CreditGrade, failed: int, met: int, late: int, value: int, disputed: int, others: int
) -> None:
    one = ContractFigures(grade, failed, met + late, late, value, disputed, value + others)
    score = points_of(one).score
    assert 0 <= score <= 100
    assert points_of(one._replace(failed_clauses=failed + 1)).score >= score
    assert points_of(one._replace(disputed=disputed + 1)).score >= score
    assert points_of(one._replace(obligations=one.obligations + 1, late=late + 1)).score >= score
