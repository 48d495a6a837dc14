"""What must hold of the sides holds of whole ones, and each law is broken by figures that break it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.showcase import channels, customer, risk, targets
from cli.showcase.telling import Showcase, Side
from tests.cli.showcase.sides import BRANCHES, CHANNELS, CHURN, CUSTOMER, REGION, RISK, TARGETS

WHOLE: dict[str, Side] = {"customer": CUSTOMER, "targets": TARGETS, "channels": CHANNELS, "risk": RISK}
TREE, PLAN = TARGETS.tree, TARGETS.plan
ONE, TWO = CHANNELS.budgets
(CONFLICT,) = CHANNELS.conflicts
SHORT = channels.Standing("P", 80, "bronze", "silver", (channels.Lack("revenue", 80, 100, 21),))

BROKEN: list[tuple[Side, str]] = [
    (replace(CUSTOMER, grades=CUSTOMER.grades[:1]), "every account with orders has one grade"),
    (replace(CUSTOMER, segments=()), "every ranked account is in one segment"),
    (replace(CUSTOMER, stages=CUSTOMER.stages[1:]), "every account stands in one stage"),
    (replace(CUSTOMER, churn=replace(CHURN, warned=673)), "warnings are of accounts that were judged"),
    (replace(TARGETS, tree=replace(TREE, amount=102)), "months make the quarter"),
    (
        replace(TARGETS, tree=replace(TREE, branches=(replace(BRANCHES[0], parts_sum=59), BRANCHES[1]))),
        "sellers make each month",
    ),
    (replace(TARGETS, tree=replace(TREE, unallocated=2)), "what was credited to the months is the quarter's"),
    (replace(TARGETS, quarters=(replace(TARGETS.quarters[0], low=41),)), "P10 <= P50 <= P90"),
    (replace(TARGETS, plan=replace(PLAN, state="open")), "the plan is promoted"),
    (
        replace(TARGETS, plan=replace(PLAN, changes=(targets.Change("a", 50, 46), PLAN.changes[1]))),
        "the promoted plan's months make its root",
    ),
    (
        replace(TARGETS, plan=replace(PLAN, changes=(targets.Change("a", 49, 45), PLAN.changes[1]))),
        "the plan left the root as it was",
    ),
    (replace(TARGETS, alerts=()), "the running tree was judged, and fell behind"),
    (replace(CHANNELS, budgets=(replace(ONE, left_base=71), TWO)), "used and left of a budget make it"),
    (
        replace(CHANNELS, budgets=(ONE, replace(TWO, committed_base=0, left_base=50))),
        "both promotions were used",
    ),
    (replace(CHANNELS, points=channels.Points("Club", 31, (20, 10))), "the entries of a member make its points"),
    (replace(CHANNELS, standings=(SHORT,)), "what a partner has and lacks makes the threshold"),
    (
        replace(CHANNELS, conflicts=(replace(CONFLICT, evidence_count=3),)),
        "every conflict has its evidence",
    ),
    (
        replace(CHANNELS, conflicts=(replace(CONFLICT, kind="cross_region"),)),
        "two partners with one customer are in conflict",
    ),
    (
        replace(RISK, ageing=(replace(REGION, credits=0), RISK.ageing[1])),
        "the buckets of an ageing make its total",
    ),
    (replace(RISK, ageing=RISK.ageing[:1]), "regions make the ageing of all"),
    (replace(RISK, scored=6), "every scored account has one grade"),
    (replace(RISK, curve=(*RISK.curve, risk.Point(15, 400_000))), "a larger loss is never likelier"),
    (
        replace(RISK, treatment=replace(RISK.treatment, trials_that_rise=1)),
        "no year is worse with the treatment",
    ),
]


def test_all_laws_hold_of_whole_sides() -> None:
    showcase = Showcase(sides=WHOLE)
    assert showcase.broken_laws() == []
    assert showcase.holds
    body = showcase.as_dict()
    assert body["holds"]
    assert set(body) >= {"customer", "targets", "channels", "risk", "laws", "broken", "seconds"}
    assert body["risk"]["curve"][0] == {"amount": 10, "probability": 900_000}


@pytest.mark.parametrize(("side", "law"), BROKEN, ids=[law for _side, law in BROKEN])
def test_a_broken_figure_breaks_its_law_alone(side: Side, law: str) -> None:
    assert [each.name for each in side.laws() if not each.holds] == [law]


def test_every_law_can_be_broken() -> None:
    assert {law for _side, law in BROKEN} == {law.name for side in WHOLE.values() for law in side.laws()}


def test_what_could_not_be_shown_is_no_whole_showcase() -> None:
    showcase = Showcase(sides=WHOLE, broken={"risk": "no study"})
    assert not showcase.holds
    assert not Showcase(sides={"customer": replace(CUSTOMER, segments=())}).holds


def test_a_share_that_nobody_knows() -> None:
    answer = {"value": None, "low": None, "high": None, "sample_size": 3, "insufficient_data": True}
    assert customer.share_of(answer) == customer.Share(None, None, None, 3)
    assert customer.share_of(None) is None


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 11, 30), date(2026, 10, 1), date(2027, 1, 31)),
        (date(2026, 1, 1), date(2025, 12, 1), date(2026, 3, 31)),
        (date(2028, 2, 29), date(2028, 1, 1), date(2028, 4, 30)),
    ],
)
def test_the_running_months(today: date, first: date, last: date) -> None:
    assert targets.running_period(today) == (first, last)
    assert targets.running_name(first) == f"Showcase {first:%Y-%m}"


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)))
def test_of_the_running_months_enough_has_passed_to_be_judged_and_some_is_left(today: date) -> None:
    first, last = targets.running_period(today)
    assert first.day == 1
    assert (last + timedelta(1)).day == 1
    whole = (last - first).days + 1
    assert whole / 5 < (today - first).days < whole * 0.52
