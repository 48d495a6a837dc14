"""The sales of a year: whose days they are, that nothing of the files is lost, and that no day of today matters."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from cli.showcase.steps import Law
from cli.year.book import Act, dollars
from cli.year.page import page_of
from cli.year.play import Year
from cli.year.sales import (
    LEAVERS,
    LINES,
    SHORT,
    WHOLE,
    Calendar,
    Scale,
    has_left,
    leavers_of,
    pizza_path,
    sales_of,
    sku_of,
)
from cli.year.table import Row, Tied, rebate_of

DAYS = (date(2024, 2, 29), date(2025, 1, 1), date(2025, 3, 31), date(2026, 11, 30), date(2027, 12, 31))
RESTAURANT = Path(__file__).parents[2] / "targets" / "day_profiles" / "pizzaplace_2015.csv"


def test_the_bundled_days_are_those_of_the_restaurant() -> None:
    with pizza_path().open(encoding="ascii") as lines, RESTAURANT.open(encoding="ascii") as days:
        found: Counter[str] = Counter()
        for row in csv.DictReader(lines):
            found[row["date"]] += int(row["cents"])
        assert found == {row["date"]: int(row["cents"]) for row in csv.DictReader(days)}


@pytest.mark.parametrize("today", DAYS)
def test_a_year_has_twelve_months_and_today_is_in_the_eleventh(today: date) -> None:
    calendar = Calendar(today)
    months = [calendar.month(number) for number in range(13)]
    assert all(day.day == 1 for day in months)
    assert months[10] <= today < months[11]
    assert (calendar.start, calendar.end) == (months[0], months[12] - timedelta(days=1))


@pytest.mark.parametrize("today", DAYS)
@pytest.mark.parametrize("scale", [SHORT, WHOLE], ids=lambda scale: scale.name)
def test_sales_are_numbered_by_day_and_within_the_year(today: date, scale: object) -> None:
    assert scale in (SHORT, WHOLE)
    calendar = Calendar(today)
    sales = sales_of(calendar, SHORT if scale is SHORT else WHOLE)
    assert [sale.number for sale in sales] == list(range(1, len(sales) + 1))
    assert [sale.day for sale in sales] == sorted(sale.day for sale in sales)
    assert all(calendar.start <= sale.day <= today for sale in sales)
    lines = [line for sale in sales for line in sale.lines]
    assert all(line.unit_price * line.quantity - line.discount == line.cents > 0 for line in lines)
    assert {sku_of(line) for line in LINES} < {line.sku for line in lines}


@pytest.mark.parametrize("today", DAYS)
def test_the_short_year_is_short(today: date) -> None:
    sales = sales_of(Calendar(today), SHORT)
    assert 60 <= len(sales) <= 150
    assert {sale.buyer for sale in sales} == set(range(SHORT.companies + SHORT.shoppers))


@pytest.mark.parametrize("today", DAYS)
@pytest.mark.parametrize("scale", [SHORT, WHOLE], ids=lambda scale: scale.name)
def test_some_have_bought_often_and_then_no_more(today: date, scale: Scale) -> None:
    calendar = Calendar(today)
    found = leavers_of(calendar, scale)
    assert len(found) == LEAVERS
    for bought in found:
        days = [day for day, _piece in bought]
        assert calendar.start <= min(days)
        assert days == sorted(days)
        assert has_left(days, today)


def test_who_has_left() -> None:
    days = [date(2026, 1, 1), date(2026, 1, 8), date(2026, 1, 8), date(2026, 1, 15)]
    assert has_left(days, date(2026, 2, 12))
    assert not has_left(days, date(2026, 2, 11)), "27 days are not four weeks"
    assert not has_left(days[:3], date(2026, 12, 31)), "two days have one gap"


def test_a_rebate_is_marginal() -> None:
    volumes = (-5, 0, 500_000, 1_500_000, 1_600_000)
    assert [rebate_of(volume) for volume in volumes] == [0, 0, 5_000, 25_000, 28_000]


def test_the_page_says_what_does_not_hold() -> None:
    act = Act("A day", ("It rained.",), (Law("it is dry", False),))
    year = Year([act], Tied((Row("net", "one", 100, "another", -123_456),)), {"rain falls": 1.0}, "lost | here")
    page = page_of(year)
    assert "- **does not hold**: it is dry" in page
    assert "| net | one | 1.00 | another | -1,234.56 | **differs** |" in page
    assert "lost / here" in page
    assert not year.holds


def test_amounts_for_people() -> None:
    assert [dollars(cents) for cents in (0, 5, -5, 123_456_789)] == ["0.00", "0.05", "-0.05", "1,234,567.89"]
