"""Pure rules of controls."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.risk.controls.enums import ControlState, Verdict
from services.risk.controls.rules import Worth, effect_on, factor_of

DAY = date(2026, 6, 30)
TESTED = Worth(ControlState.ACTIVE, 900_000, 90, DAY, Verdict.PASS, 950_000)


def test_the_factor_of_the_page() -> None:
    assert factor_of([("cash", 700_000), ("claim", 300_000)], [("cash", 900_000)]) == 370_000
    assert factor_of([], [("cash", 900_000)]) == 1_000_000
    assert factor_of([("cash", 1_000_000)], [("cash", 500_000), ("cash", 500_000)]) == 250_000


@pytest.mark.parametrize(
    ("changes", "effect"),
    [
        ({}, 900_000),
        ({"measured": 400_000}, 400_000),
        ({"state": ControlState.PLANNED}, 0),
        ({"state": ControlState.RETIRED}, 0),
        ({"verdict": Verdict.FAIL}, 0),
        ({"tested_on": None, "verdict": None, "measured": None}, 0),
        ({"tested_on": DAY - timedelta(90)}, 900_000),
        ({"tested_on": DAY - timedelta(91)}, 0),
    ],
)
def test_a_control_counts_while_it_is_active_and_tested_in_time(changes: dict[str, Any], effect: int) -> None:
    assert effect_on(TESTED._replace(**changes), DAY) == effect


SHARES = st.lists(st.integers(1, 1000), min_size=1, max_size=6).map(
    lambda weights: [(str(n), weight) for n, weight in enumerate(weights)]
)
EFFECTS = st.lists(st.tuples(st.sampled_from("012345"), st.integers(0, 1_000_000)), max_size=8)


@given(SHARES, EFFECTS, st.tuples(st.sampled_from("012345"), st.integers(0, 1_000_000)))
def test_a_further_control_never_leaves_more(
    shares: list[tuple[str, int]], effects: list[tuple[str, int]], further: tuple[str, int]
) -> None:
    before, after = factor_of(shares, effects), factor_of(shares, [*effects, further])
    assert 0 <= after <= before <= sum(share for _, share in shares)
