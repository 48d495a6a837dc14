"""Periods as they are written, and numbers as readers write them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.report.numbers import Numbers, UnknownReader, major
from cli.report.periods import NotAPeriod, bounds


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2015", date(2015, 1, 1), date(2015, 12, 31)),
        ("2015-Q3", date(2015, 7, 1), date(2015, 9, 30)),
        ("2016-Q1", date(2016, 1, 1), date(2016, 3, 31)),
        ("2015-H2", date(2015, 7, 1), date(2015, 12, 31)),
        ("2016-02", date(2016, 2, 1), date(2016, 2, 29)),
        ("2015-02", date(2015, 2, 1), date(2015, 2, 28)),
        ("2015-12-25..2016-01-07", date(2015, 12, 25), date(2016, 1, 7)),
        ("2015-12-25..2015-12-25", date(2015, 12, 25), date(2015, 12, 25)),
    ],
)
def test_a_period_is_its_first_and_last_day(text: str, first: date, last: date) -> None:
    assert bounds(text) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        *("", "15", "2015-Q5", "2015-13", "2015-00", "0000", "2015-q3", "2015-Q3\n", "٢٠١٥"),
        *("2015-01-02..2015-01-01", "..", "2015-02-30..2015-03-01", "2015-01-01.."),
        "2015-01-01..2015-01-02..2015-01-03",
    ],
)
def test_anything_else_is_no_period(text: str) -> None:
    with pytest.raises(NotAPeriod):
        bounds(text)


@given(year=st.integers(1, 9998))
def test_four_quarters_are_a_year(year: int) -> None:
    quarters = [bounds(f"{year:04d}-Q{number}") for number in (1, 2, 3, 4)]
    assert (quarters[0][0], quarters[-1][1]) == bounds(f"{year:04d}")
    for before, after in pairwise(quarters):
        assert before[1] + timedelta(days=1) == after[0]


@pytest.mark.parametrize(
    ("reader", "money", "share", "count", "day"),
    [
        ("en-US", "$1,234.56", "12.5%", "1,234,567", "Mar 5, 2015"),
        ("de-DE", "1.234,56\xa0$", "12,5\xa0%", "1.234.567", "05.03.2015"),
        ("zh-CN", "US$1,234.56", "12.5%", "1,234,567", "2015年3月5日"),
    ],
)
def test_numbers_are_written_as_the_reader_does(reader: str, money: str, share: str, count: str, day: str) -> None:
    numbers = Numbers.of(reader)
    assert numbers.money(123_456, "USD") == money
    assert numbers.share(125_000) == share
    assert numbers.count(1_234_567) == count
    assert numbers.day("2015-03-05") == day


@pytest.mark.parametrize("reader", ["ar", "he", "fa"])
def test_what_is_written_from_the_right_keeps_its_own_order(reader: str) -> None:
    numbers = Numbers.of(reader)
    for text in (numbers.day("2015-03-05"), numbers.money(123_456, "USD"), numbers.share(125_000), numbers.count(7)):
        assert (text[0], text[-1]) == ("\u2068", "\u2069")
    assert numbers.day(None) == "–"


def test_a_currency_has_its_own_digits() -> None:
    numbers = Numbers.of("en")
    assert numbers.money(1234, "JPY") == "¥1,234"
    assert numbers.money(1234, "KWD").endswith("1.234")
    assert numbers.money(-1, "CNY") == "-CN¥0.01"


def test_what_is_not_known_is_not_a_nought() -> None:
    numbers = Numbers.of("en")
    assert {numbers.money(None, "CNY"), numbers.share(None), numbers.count(None), numbers.day(None)} == {"–"}


@pytest.mark.parametrize("name", ["", "xx-YY-ZZ-QQ", "klingon", "../etc/passwd"])
def test_a_locale_nobody_has_is_refused(name: str) -> None:
    with pytest.raises(UnknownReader):
        Numbers.of(name)


@given(minor=st.integers(-(10**13), 10**13))
def test_money_loses_no_cent(minor: int) -> None:
    assert int(major(minor, "CNY").scaleb(2)) == minor
