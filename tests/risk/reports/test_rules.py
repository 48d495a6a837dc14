"""Rules of the dashboard: the worst risks, hashes, what is late."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from services.risk.reports.rules import is_late, worst_first
from services.risk.reports.sealing import canonical, is_sealed, seal_of


class At(NamedTuple):
    likelihood: int
    impact: int


def test_the_worst_cells_come_first() -> None:
    cells = [At(1, 1), At(4, 3), At(3, 4), At(5, 5), At(2, 5)]
    assert worst_first(cells) == [(5, 5), (3, 4), (4, 3), (2, 5), (1, 1)]


def test_a_snapshot_is_made_on_the_day_after() -> None:
    day = date(2026, 2, 28)
    assert [is_late(day, date(2026, 3, n)) for n in (1, 2, 9)] == [False, True, True]


bodies = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(bodies)
def test_anybody_can_make_the_hash_again(body: object) -> None:
    by_hand = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert (canonical(body), seal_of(body)) == (by_hand, sha256(by_hand).hexdigest())
    assert is_sealed(json.dumps(body, indent=1), seal_of(body))
    assert not is_sealed(json.dumps([body]), seal_of(body))
