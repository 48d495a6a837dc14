"""Until when a quote holds, and who gets what is left over."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.channels.quotes.rules import last_day, spread_by_content, valid_until


def test_the_first_end_counts() -> None:
    day = date(2026, 2, 10)
    assert valid_until(day, 30, []) == date(2026, 3, 12)
    assert valid_until(day, 30, [date(2026, 3, 1), date(2026, 2, 20), date(2026, 4, 1)]) == date(2026, 2, 20)


def test_the_last_day_with_a_moment_before_an_end() -> None:
    zone = "Asia/Shanghai"
    assert last_day(datetime(2026, 2, 28, 16, tzinfo=UTC), zone) == date(2026, 2, 28), "24:00 of a day is no other day"
    assert last_day(datetime(2026, 2, 28, 16, 0, 1, tzinfo=UTC), zone) == date(2026, 3, 1)
    assert last_day(datetime(2026, 2, 12, 14, tzinfo=UTC), zone) == date(2026, 2, 12)


@given(
    st.integers(0, 10**6),
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 3)), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_what_is_left_over_goes_by_content(total: int, lines: list[tuple[int, int]], draw: object) -> None:
    if not any(weight for weight, _name in lines):
        assert spread_by_content(total, [0] * len(lines), [(0,)] * len(lines)) == [0] * len(lines)
        return
    shuffled = sorted(lines, key=lambda _line: draw.random())  # type: ignore[attr-defined]
    found = []
    for order in (lines, shuffled):
        parts = spread_by_content(
            total, [weight for weight, _name in order], [(name, weight) for weight, name in order]
        )
        assert sum(parts) == total
        found.append(sorted(zip(order, parts, strict=True)))
    assert found[0] == found[1]
