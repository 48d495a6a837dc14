"""The independent figures of the table."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.load import cdnow
from cli.load.organisation import REBATE_TIERS
from cli.load.table import Table, TableRow, file_total, rebate_of


def table(*rows: TableRow, missing: dict[str, int] | None = None) -> Table:
    return Table(rows, missing or {}, orders=1, held=0)


def test_it_agrees_only_when_whole_and_equal() -> None:
    equal, unequal = TableRow("a", "x", 1, "y", 1), TableRow("b", "x", 1, "y", 2)
    assert table(equal).agrees
    assert not table(equal, unequal).agrees
    assert not table(equal, missing={"payments": 1}).agrees
    body = table(equal, unequal, missing={"payments": 1}).as_dict()
    assert (body["complete"], body["agrees"], body["missing"]) == (False, False, {"payments": 1})
    assert [row["agrees"] for row in body["rows"]] == [True, False]


def test_fractions_of_cents_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("00001 19970101 1 1.005\n")
    with pytest.raises(cdnow.DataFileError):
        file_total(path)


@pytest.mark.parametrize(
    ("volume", "rebate"),
    [(0, 0), (100, 1), (100_000, 1000), (100_100, 1002), (300_000, 5000), (1_000_000, 26_000), (-5, 0)],
)
def test_the_marginal_rebate_by_hand(volume: int, rebate: int) -> None:
    assert rebate_of(volume) == rebate


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_more_volume_never_earns_less(one: int, other: int) -> None:
    low, high = sorted((one, other))
    top = max(int(tier["rate"]) for tier in REBATE_TIERS)
    assert 0 <= rebate_of(high) - rebate_of(low) <= (high - low) * top / 1_000_000 + 1
