"""Stages by the days of orders: each border, ways back, days that were missed."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.customer.accounts.enums import LifecycleStage as Stage
from services.customer.churn.rules import Fit, Line, Scoring, Signals, Weights
from services.customer.lifecycle.rules import (
    STRATEGIES,
    Life,
    Standing,
    Stay,
    Terms,
    dwell,
    next_check,
    stage_on,
    steps_of,
)

TERMS = Terms(settled=90, silent=180, lost=365)
SCORING = Scoring(None, Weights(30, 70, 15, 10, 10), Line(50, 35))
FITTED = SCORING._replace(fit=Fit(0.243, 4.414, 0.793, 2.426))
DAY = date(2026, 1, 1)


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def life(days: list[date], scoring: Scoring = SCORING) -> Life:
    return Life(days, days, TERMS, scoring)


def story(orders: list[int], until: int, scoring: Scoring = SCORING) -> list[tuple[str, int]]:
    """Stages with the days they began on, of an account that is looked at when it orders and when it should be."""
    at, look_on = Standing(Stage.POTENTIAL, DAY), None
    found: list[tuple[str, int]] = []
    for today in sorted({*orders, until}):
        known = life([day(one) for one in orders if one <= today], scoring)
        walked = list(known.walk(at, look_on, day(today)))
        for step in steps_of(at, walked):
            name = step.at.stage.value if step.is_stage else "warned" if step.at.is_warned else "cleared"
            found.append((name, (step.on - DAY).days))
        at = walked[-1][1]
        look_on = known.next_look(at, day(today))
    return found


def test_an_order_then_silence() -> None:
    assert story([0], 400) == [("new", 0), ("active", 90), ("at_risk", 181), ("churned", 366)]
    assert story([0], 89) == [("new", 0)]
    assert story([0], 180) == [("new", 0), ("active", 90)]
    assert story([0], 365) == [("new", 0), ("active", 90), ("at_risk", 181)]


def test_a_second_order_makes_active() -> None:
    assert story([0, 10], 20) == [("new", 0), ("active", 10)]
    assert story([0, 185], 190) == [("new", 0), ("active", 90), ("at_risk", 181), ("active", 185)]


def test_an_order_wins_back_and_a_second_or_ninety_days_settle() -> None:
    lost = [("new", 0), ("active", 90), ("at_risk", 181), ("churned", 366)]
    assert story([0, 400], 489) == [*lost, ("won_back", 400)]
    assert story([0, 400], 490) == [*lost, ("won_back", 400), ("active", 490)]
    assert story([0, 400, 410], 420) == [*lost, ("won_back", 400), ("active", 410)]
    assert story([0, 400], 800)[4:] == [("won_back", 400), ("active", 490), ("at_risk", 581), ("churned", 766)]
    assert story([0, 400, 800], 800)[-1] == ("won_back", 800)


def test_a_full_return_of_the_only_order_leads_back() -> None:
    new = stage_on(Standing(Stage.POTENTIAL, DAY), [DAY], DAY, TERMS)
    assert new == Standing(Stage.NEW, DAY)
    assert stage_on(new, [], day(5), TERMS) == Standing(Stage.POTENTIAL, day(5))
    assert next_check([], day(5), TERMS) is None


def test_the_order_that_won_back_is_returned() -> None:
    back = Standing(Stage.WON_BACK, day(400), day(400))
    assert stage_on(back, [DAY], day(410), TERMS).stage is Stage.CHURNED
    assert stage_on(back, [DAY, day(390)], day(410), TERMS).stage is Stage.ACTIVE


def test_a_backdated_order_changes_the_stage_from_the_day_it_is_known() -> None:
    lost = Standing(Stage.CHURNED, day(366))
    assert stage_on(lost, [DAY, day(380)], day(400), TERMS) == Standing(Stage.WON_BACK, day(400), day(380))
    assert stage_on(lost, [DAY, day(300)], day(400), TERMS) == Standing(Stage.ACTIVE, day(400))
    assert stage_on(lost, [DAY, day(200)], day(400), TERMS) == Standing(Stage.AT_RISK, day(400))
    assert stage_on(lost, [DAY, day(20)], day(400), TERMS) == lost, "still too long ago"


def test_an_order_of_a_coming_day_counts_from_then_on() -> None:
    at = stage_on(Standing(Stage.POTENTIAL, DAY), [day(7)], DAY, TERMS)
    assert (at.stage, next_check([day(7)], DAY, TERMS)) == (Stage.POTENTIAL, day(7))
    found = [one for _, one in life([day(7)]).walk(at, day(7), day(8))]
    assert found == [Standing(Stage.NEW, day(7))] * 2


def test_from_three_order_days_on_points_decide() -> None:
    """Without a fit 50 points are a rhythm of 2."""
    first = [("new", 0), ("active", 10)]
    assert story([0, 10, 20], 39) == first
    assert story([0, 10, 20], 500) == [*first, ("warned", 40), ("at_risk", 40), ("churned", 386)]
    assert story([0, 10, 20, 45], 45)[2:] == [("warned", 40), ("at_risk", 40), ("cleared", 45), ("active", 45)]
    assert story([0, 10, 20, 500], 500)[-2:] == [("cleared", 500), ("won_back", 500)]
    slow = [("new", 0), ("active", 90), ("at_risk", 181), ("active", 300), ("at_risk", 481), ("active", 600)]
    assert story([0, 300, 600], 1199) == slow, "silent for less than twice its own gap"
    assert story([0, 300, 600], 1200)[-2:] == [("warned", 1200), ("churned", 1200)]


def test_a_warning_that_is_over_without_an_order_wins_nobody_back() -> None:
    lost = Standing(Stage.CHURNED, day(400), None, day(40))
    assert stage_on(lost, [DAY, day(10), day(20)], day(500), TERMS, is_warned=False).stage is Stage.CHURNED


@given(
    st.lists(st.integers(0, 1500), min_size=1, max_size=8, unique=True),
    st.integers(0, 2000),
    st.sampled_from((SCORING, FITTED)),
    st.booleans(),
    st.data(),
)
def test_looking_more_often_or_late_finds_the_same(
    orders: list[int], until: int, scoring: Scoring, has_more: bool, data: st.DataObject
) -> None:
    """Without orders in between, it does not matter whether each day was looked at in time."""
    start = max(orders)
    signals = Signals(day(start + 9), overdue_on=[day(start + 40)]) if has_more else Signals()
    known = life(sorted(day(one) for one in orders), scoring)._replace(signals=signals)
    first = known.look(Standing(Stage.POTENTIAL, DAY), day(start))
    late = list(known.walk(first, known.next_look(first, day(start)), day(start + until)))[-1][1]
    at = first
    for looked in sorted({start + until, *data.draw(st.lists(st.integers(start, start + until), max_size=20))}):
        at = list(known.walk(at, known.next_look(at, day(start)), day(looked)))[-1][1]
        start = looked
    assert at == late


def test_dwell_days_and_strategies() -> None:
    stays = [Stay(Stage.POTENTIAL, DAY), Stay(Stage.NEW, DAY), Stay(Stage.ACTIVE, day(90))]
    assert dwell(stays, day(100)) == [0, 90, 10]
    assert set(STRATEGIES) == set(Stage)
