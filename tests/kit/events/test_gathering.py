"""Small batches are gathered by load: longer when they are dear, and never without end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.events.gathering import DECISIONS, DERIVED, LABELS, SENDING, Gathering

windows = st.sampled_from([DECISIONS, LABELS, DERIVED, SENDING])


@pytest.mark.parametrize(
    ("window", "spent", "pause"),
    [(DECISIONS, 0.001, 0.019), (DECISIONS, 0.03, 0.09), (DECISIONS, 0.1, 0.15), (LABELS, 0.01, 0.24)],
)
def test_about_four_times_the_last_batch_within_bounds(window: Gathering, spent: float, pause: float) -> None:
    assert window.pause(spent) == pytest.approx(pause)


@given(windows, st.floats(0, 60), st.floats(0, 60))
def test_a_window_grows_with_the_batch_and_stays_within_its_bounds(window: Gathering, one: float, other: float) -> None:
    short, long = sorted((one, other))
    assert window.least <= window.pause(short) + short + 1e-9
    assert window.pause(long) + long <= max(window.most, long) + 1e-9 or window.pause(long) <= 0
    assert window.pause(short) + short <= window.pause(long) + long + 1e-9
