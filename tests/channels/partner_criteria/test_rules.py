"""What scores come to: the page's numbers, limits reached at >=, and no order that matters."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import SHARE_WHOLE, allocate
from services.channels.partner_criteria.enums import PartnerCriterionGroup as Group
from services.channels.partner_criteria.models import PartnerCriterion
from services.channels.partner_criteria.rules import CriteriaInvalid, Verdict, check_criteria, missing_of, verdict_of

CRITERIA = (
    PartnerCriterion(code="payment", group=Group.REPUTATION, weight=400_000, knock_out=40),
    PartnerCriterion(code="coverage", group=Group.STRENGTH, weight=350_000),
    PartnerCriterion(code="commitment", group=Group.WILLINGNESS, weight=250_000),
)
PAGE = {"payment": 80, "coverage": 60, "commitment": 90}


def test_the_score_of_the_page() -> None:
    assert verdict_of(CRITERIA, {}, 7550, PAGE) == Verdict(7550, ())


@pytest.mark.parametrize(
    ("minimums", "pass_mark", "scores", "failures"),
    [
        ({}, 7551, {}, ("pass-mark",)),
        ({}, 0, {"payment": 40}, ()),
        ({}, 0, {"payment": 39}, ("knock-out:payment",)),
        ({Group.STRENGTH: 60}, 0, {}, ()),
        ({Group.STRENGTH: 61}, 0, {}, ("group:strength",)),
        ({Group.STRENGTH: 61, Group.WILLINGNESS: 91}, 10_000, {"payment": 0}, (
            "knock-out:payment", "group:strength", "group:willingness", "pass-mark",
        )),
    ],
)  # fmt: skip
def test_what_fails_an_applicant(
    minimums: dict[Group, int], pass_mark: int, scores: dict[str, int], failures: tuple[str, ...]
) -> None:
    assert verdict_of(CRITERIA, minimums, pass_mark, PAGE | scores).failures == failures


def test_the_mean_of_a_group_is_weighted_and_exact() -> None:
    pair = (
        PartnerCriterion(code="a", group=Group.STRENGTH, weight=333_333),
        PartnerCriterion(code="b", group=Group.STRENGTH, weight=666_667),
    )
    assert verdict_of(pair, {Group.STRENGTH: 67}, 0, {"a": 0, "b": 100}).failures == ("group:strength",)
    found = verdict_of(pair, {Group.STRENGTH: 67}, 6700, {"a": 1, "b": 100})
    assert found == Verdict(6700, ())


def test_a_pass_mark_is_not_reached_by_rounding() -> None:
    near = (
        PartnerCriterion(code="a", group=Group.STRENGTH, weight=499_999),
        PartnerCriterion(code="b", group=Group.STRENGTH, weight=500_001),
    )
    found = verdict_of(near, {}, 5000, {"a": 100, "b": 0})
    assert found == Verdict(5000, ("pass-mark",))


def test_a_missing_score_is_named_and_none_is_0() -> None:
    assert missing_of(CRITERIA, {"payment": 0}) == ["coverage", "commitment"]
    with pytest.raises(KeyError):
        verdict_of(CRITERIA, {}, 0, {"payment": 0})


@given(
    st.lists(st.tuples(st.integers(1, 1000), st.sampled_from(Group), st.integers(0, 100)), min_size=1, max_size=8),
    st.integers(0, 10_000),
    st.randoms(use_true_random=False),
)
def test_no_order_matters_and_the_score_is_the_exact_mean(
    drawn: list[tuple[int, Group, int]], pass_mark: int, random: Any
) -> None:
    weights = allocate(SHARE_WHOLE, [weight for weight, _group, _score in drawn])
    criteria = [
        PartnerCriterion(code=f"c{number}", group=group, weight=weight)
        for number, (weight, (_, group, _score)) in enumerate(zip(weights, drawn, strict=True))
    ]
    scores = {f"c{number}": score for number, (_, _group, score) in enumerate(drawn)}
    found = verdict_of(criteria, {}, pass_mark, scores)
    exact = Fraction(sum(one.weight * scores[one.code] for one in criteria) * 100, SHARE_WHOLE)
    assert abs(found.score - exact) <= Fraction(1, 2)
    assert (found.failures == ()) == (exact >= pass_mark)
    mixed = random.sample(criteria, len(criteria))
    assert verdict_of(mixed, {}, pass_mark, scores) == found


@pytest.mark.parametrize(
    ("criteria", "groups", "pointers"),
    [
        (CRITERIA[:2], [], ["/criteria"]),
        ((*CRITERIA[:2], CRITERIA[2].model_copy(update={"code": "PAYMENT"})), [], ["/criteria/2/code"]),
        (CRITERIA, [Group.STRENGTH, Group.STRENGTH], ["/group_minimums/1/group"]),
        ((CRITERIA[0].model_copy(update={"weight": SHARE_WHOLE}),), [Group.STRENGTH], ["/group_minimums/0/group"]),
    ],
)
def test_what_criteria_cannot_be(
    criteria: tuple[PartnerCriterion, ...], groups: list[Group], pointers: list[str]
) -> None:
    with pytest.raises(CriteriaInvalid) as refused:
        check_criteria(criteria, groups)
    assert [one.pointer for one in refused.value.errors] == pointers
    check_criteria(CRITERIA, [Group.STRENGTH])
