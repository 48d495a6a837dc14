"""How late a report is, texts that nothing calculates, exact decimals, and what is told without costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import MAX_AMOUNT
from services.targets.reports.rules import GRACE, decimal_of, late_by, text_cell
from services.targets.reports.sealing import is_sealed, seal_of

DUE = datetime(2026, 2, 14, 22, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("after", "late"),
    [
        (timedelta(0), 0),
        (GRACE, 0),
        (GRACE + SECOND, 301),
        (timedelta(days=7), 604_800),
        (timedelta(seconds=900, milliseconds=999), 900),
        (-timedelta(hours=1), 0),
    ],
)
def test_a_report_is_late_by_seconds(after: timedelta, late: int) -> None:
    assert late_by(DUE, DUE + after) == late


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠A1",
        " =1+1",
        "\u3000＝1",
        "\ufeff=1",
    ],
)
def test_what_a_program_would_calculate_is_text(text: str) -> None:
    assert text_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "February", "1-2", "'=1", "名=1"])
def test_other_texts_stay(text: str) -> None:
    assert text_cell(text) == text


@given(st.integers(-(10**6) * MAX_AMOUNT, 10**6 * MAX_AMOUNT), st.integers(0, 6))
def test_decimals_are_exact(value: int, digits: int) -> None:
    written = decimal_of(value, digits)
    assert Decimal(written) * 10**digits == value
    assert len(written.partition(".")[2]) == digits


def test_anybody_can_make_the_hash_again() -> None:
    body = {"b": [1, {"y": None, "x": "名"}], "a": 10**18}
    stored = '{"a": 1000000000000000000, "b": [1, {"x": "名", "y": null}]}'
    assert seal_of(body) == seal_of(orjson.loads(stored))
    assert is_sealed(stored, seal_of(body))
    assert not is_sealed(stored.replace("1,", "2,"), seal_of(body))
