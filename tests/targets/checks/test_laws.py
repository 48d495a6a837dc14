"""What the checks find, at their limits; growths of an open series."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import SHARE_WHOLE
from services.targets.attainment.service import DayResult
from services.targets.checks.enums import TargetCheckFix, TargetCheckKind, TargetCheckVerdict
from services.targets.checks.laws import (
    ChecksFailed,
    Known,
    achievable,
    challenging,
    check_failures,
    consistent,
    measurable,
    overall,
    quantile,
    resourced,
    rolling_growths,
    run_checks,
    specific,
    time_bound,
    worse,
)
from services.targets.checks.models import Finding
from services.targets.checks.service import by_month
from services.targets.policies.models import CheckLimits
from services.targets.policies.rules import HIGHER_IS_BETTER
from services.targets.targets.enums import Horizon

SALES = Path(__file__).parents[1] / "forecasts" / "souvenirs_1987_1993.csv"
PASS, THIN, WARN, FAIL = TargetCheckVerdict
GROWTHS = tuple(range(0, 200_001, 10_000))
"""Of 21 values P75 is 150,000 and P95 190,000."""
GOOD = Known(
    amount=1_100_000,
    horizon=Horizon.SHORT,
    has_owner=True,
    is_leaf=True,
    is_assigned=True,
    lines_in_scope=40,
    lines=40,
    last_year=1_000_000,
    growths=GROWTHS,
    p_hit=600_000,
    p50=1_050_000,
    is_over=False,
    elapsed=0,
    has_time_plan=False,
    committed=(),
    sibling_growths=(),
    doubles=0,
    shares=(),
    capacity=1_100_000,
)


def test_a_good_target_passes_what_can_be_said() -> None:
    found = run_checks(GOOD)
    assert [each.check for each in found] == list(TargetCheckKind)
    assert [each.verdict for each in found] == [PASS] * 7
    assert overall(found) is PASS
    assert all(each.fix is None for each in found)


@pytest.mark.parametrize(
    ("check", "changes", "verdict", "fix"),
    [
        (specific, {"has_owner": False}, FAIL, "name_owner"),
        (specific, {"amount": 0}, FAIL, "set_amount"),
        (specific, {"is_assigned": False}, WARN, "assign"),
        (specific, {"is_assigned": False, "is_leaf": False}, PASS, None),
        (measurable, {"lines_in_scope": 0}, WARN, None),
        (measurable, {"lines_in_scope": 0, "lines": 0}, FAIL, None),
        (achievable, {"amount": 1_150_000}, PASS, None),
        (achievable, {"amount": 1_150_001}, WARN, "lower_amount"),
        (achievable, {"amount": 1_190_000}, WARN, "lower_amount"),
        (achievable, {"amount": 1_190_001}, FAIL, "lower_amount"),
        (achievable, {"p_hit": 200_000}, PASS, None),
        (achievable, {"p_hit": 199_500}, WARN, "lower_amount"),
        (achievable, {"p_hit": 50_000}, WARN, "lower_amount"),
        (achievable, {"p_hit": 49_500}, FAIL, "lower_amount"),
        (achievable, {"p_hit": None}, PASS, None),
        (achievable, {"growths": GROWTHS[:12]}, PASS, None),
        (achievable, {"growths": GROWTHS[:12], "p_hit": None}, THIN, None),
        (achievable, {"last_year": None, "p_hit": None}, THIN, None),
        (challenging, {"amount": 1_050_000}, PASS, None),
        (challenging, {"amount": 1_049_999}, WARN, "raise_amount"),
        (challenging, {"amount": 1_000_000}, WARN, "raise_amount"),
        (challenging, {"amount": 999_999}, FAIL, "raise_amount"),
        (challenging, {"amount": 999_999, "last_year": None, "p50": None}, THIN, None),
        (resourced, {"capacity": None}, THIN, None),
        (resourced, {"capacity": 1_099_999}, WARN, "lower_amount"),
        (resourced, {"capacity": 880_000}, WARN, "lower_amount"),
        (resourced, {"capacity": 879_999}, FAIL, "lower_amount"),
        (resourced, {"capacity": 0, "amount": 0}, PASS, None),
        (time_bound, {"is_over": True}, FAIL, "set_period"),
        (time_bound, {"elapsed": 100_000}, PASS, None),
        (time_bound, {"elapsed": 100_001}, WARN, "set_period"),
        (time_bound, {"horizon": Horizon.MEDIUM}, WARN, "decompose_by_time"),
        (time_bound, {"horizon": Horizon.LONG, "has_time_plan": True}, PASS, None),
        (consistent, {"committed": (1_045_000, 1_155_000)}, PASS, None),
        (consistent, {"committed": (1_044_999,)}, WARN, "reconcile"),
        (consistent, {"committed": (935_000,)}, WARN, "reconcile"),
        (consistent, {"committed": (934_998,)}, FAIL, "reconcile"),
        (consistent, {"sibling_growths": (350_000, 350_000, 350_000)}, PASS, None),
        (consistent, {"sibling_growths": (350_001, 350_001, 350_001)}, WARN, None),
        (consistent, {"sibling_growths": (600_001, 600_001, 600_001)}, FAIL, None),
        (consistent, {"sibling_growths": (600_001, 600_001)}, PASS, None),
        (consistent, {"doubles": 1}, FAIL, "close_double"),
        (consistent, {"shares": (900_000,)}, PASS, None),
        (consistent, {"shares": (899_999, 2_000_000)}, WARN, "raise_amount"),
        (consistent, {"shares": (749_999,)}, FAIL, "raise_amount"),
    ],
)
def test_limits(check: Any, changes: dict[str, Any], verdict: TargetCheckVerdict, fix: str | None) -> None:
    found: Finding = check(replace(GOOD, **changes))
    assert (found.verdict, found.fix) == (verdict, fix)
    assert (found.lack is None) == (verdict is not THIN)


def test_what_would_mend_it() -> None:
    assert achievable(replace(GOOD, amount=2_000_000)).fix_amount == 1_150_000
    assert challenging(replace(GOOD, amount=1)).fix_amount == 1_050_000
    assert resourced(replace(GOOD, capacity=900_000)).fix_amount == 900_000
    assert consistent(replace(GOOD, doubles=1)).fix is TargetCheckFix.CLOSE_DOUBLE


def test_growths_of_the_souvenirs_at_the_end_of_1992() -> None:
    with SALES.open() as file:
        rows = [(row["month"], int(row["cents"])) for row in csv.DictReader(file)]
    months = [cents for month, cents in rows if month < "1993"]
    growths = rolling_growths(months)
    assert len(growths) == 49
    assert [round(quantile(growths, percent) / 1_000) for percent in (75, 95)] == [414, 490]


def test_months_are_whole() -> None:
    days = [DayResult(date(2026, 1, 2), 5, 1), DayResult(date(2026, 2, 1), 7, 1), DayResult(date(2026, 3, 31), 9, 1)]
    assert by_month(days, date(2026, 3, 31)) == [7, 9]
    assert by_month(days, date(2026, 3, 30)) == [7]
    assert by_month([DayResult(date(2026, 1, 1), 5, 1), *days[1:]], date(2026, 4, 30)) == [5, 7, 9, 0]
    assert by_month([], date(2026, 3, 31)) == []


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=40), st.integers(0, 100))
def test_a_quantile_lies_between(values: list[int], percent: int) -> None:
    assert min(values) <= quantile(values, percent) <= max(values)
    assert quantile(values, 0) == min(values)
    assert quantile(values, 100) == max(values)


def test_the_worse_of_what_was_said() -> None:
    assert worse(THIN, PASS) is PASS
    assert worse(THIN, FAIL, WARN) is FAIL
    assert worse(THIN, THIN) is THIN


def test_what_fails_is_named_unless_overridden() -> None:
    found = run_checks(replace(GOOD, has_owner=False, is_over=True))
    with pytest.raises(ChecksFailed) as raised:
        check_failures(found, {TargetCheckKind.SPECIFIC: "he comes in May"})
    assert [each["check"] for each in raised.value.extra["failed"]] == ["time_bound"]
    check_failures(found, {TargetCheckKind.SPECIFIC: "x", TargetCheckKind.TIME_BOUND: "y"})


def test_the_policy_says_where_they_pass_and_warn() -> None:
    """Each limit decides one figure that stands just on it."""
    asked = (
        (achievable, {"growths": (), "p_hit": 300_000}, "p_hit", 300_000),
        (measurable, {"coverage": 600_000}, "coverage", 600_000),
        (resourced, {"capacity": GOOD.amount // 2}, "capacity", 500_000),
        (consistent, {"committed": (2 * GOOD.amount,)}, "commits", SHARE_WHOLE),
        (consistent, {"sibling_growths": (700_000,) * 3}, "siblings", 600_000),
        (consistent, {"shares": (100_000,)}, "long_share", 100_000),
    )
    for check, figures, name, on in asked:
        known = replace(GOOD, **figures)
        worse_by_one = 1 if name in HIGHER_IS_BETTER else -1
        for passes, warns, verdict in (
            (on, on, PASS),
            (on + worse_by_one, on, WARN),
            (on + worse_by_one, on + worse_by_one, FAIL),
        ):
            limits = CheckLimits(**{f"{name}_pass": passes, f"{name}_warn": warns})
            assert check(replace(known, limits=limits)).verdict is verdict, (name, passes, warns)
    late = replace(GOOD, elapsed=300_001)
    assert time_bound(replace(late, limits=CheckLimits(elapsed_warn=300_001))).verdict is PASS
    assert time_bound(replace(late, limits=CheckLimits(elapsed_warn=300_000))).verdict is WARN
    steep = replace(GOOD, amount=1_150_000, p_hit=None)
    assert achievable(steep).verdict is PASS
    assert achievable(replace(steep, limits=CheckLimits(growth_pass=74, growth_warn=75))).verdict is WARN
    assert achievable(replace(steep, limits=CheckLimits(growth_pass=1, growth_warn=74))).verdict is FAIL
