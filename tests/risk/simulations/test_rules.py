"""What would hold a group, and what moves."""

from __future__ import annotations

import pytest

from services.risk.policies.enums import CreditGrade, RiskPolicyKind
from services.risk.simulations.enums import PolicyMove
from services.risk.simulations.models import Foreseen
from services.risk.simulations.rules import KindNotSimulated, Overdue, check_kind, held_by, moved

FREE = Overdue(0, (), ())


def test_the_score_alone_moves_nothing() -> None:
    before = Foreseen(score=61, grade=CreditGrade.BBB, terms_days=30)
    assert moved(before, before.model_copy(update={"score": 64})) == ()
    after = before.model_copy(update={"grade": CreditGrade.BB, "terms_days": 15, "credit_limit": 5})
    assert moved(before, after) == (PolicyMove.GRADE, PolicyMove.TERMS_DAYS, PolicyMove.CREDIT_LIMIT)


@pytest.mark.parametrize(
    ("days", "standing", "waived", "held"),
    [
        (15, (), (), False),
        (16, (), (), True),
        (16, (), ("overdue",), False),
        (1, ("overdue",), (), True),
        (0, ("overdue",), (), False),
    ],
)
def test_overdue_items_hold_as_the_rule_says(
    days: int, standing: tuple[str, ...], waived: tuple[str, ...], held: bool
) -> None:
    one = Overdue(days, standing, waived)
    expected = ("overdue",) if held else ()
    for own, others in ((one, ()), (FREE, (FREE, one))):
        assert held_by(own, others, 15, is_d=False, has_dropped=False) == expected


def test_grades_hold_unless_that_is_waived() -> None:
    assert held_by(FREE, (), 15, is_d=True, has_dropped=True) == ("grade", "grade_drop")
    waived = Overdue(0, (), ("grade", "grade_drop"))
    assert held_by(waived, (), 15, is_d=True, has_dropped=True) == ()
    stands = Overdue(0, ("grade", "manual"), ("grade",))
    assert held_by(stands, (), 15, is_d=True, has_dropped=False) == ("grade",)
    assert held_by(stands, (), 15, is_d=False, has_dropped=False) == ()


@pytest.mark.parametrize("kind", [RiskPolicyKind.CLAUSES, RiskPolicyKind.FORWARD])
def test_what_moves_nothing_is_not_simulated(kind: RiskPolicyKind) -> None:
    with pytest.raises(KindNotSimulated):
        check_kind(kind)
