"""The year's sales out of the bundled files: pizzaplace's days as orders of companies, CDNOW's purchases as a shop's.

The company's year has twelve months, of which today's is the eleventh. A day of a file is the same month and day of
the company's year; what would be after today is left out, and so is a 29 February that the files do not have.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from statistics import median

from cli.load import cdnow

LINES = ("chicken", "classic", "supreme", "veggie")
MUSIC = "music"
MONTHS_BEHIND, MONTHS = 10, 12
CDNOW_YEAR, PIZZA_YEAR = 1997, 2015
NET_DAYS = 30


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of the files is played: every so many days in how many orders, by how many accounts."""

    name: str
    companies: int
    shoppers: int
    days_apart: int
    by_line: bool


SHORT = Scale("short", companies=8, shoppers=4, days_apart=5, by_line=False)
WHOLE = Scale("whole", companies=32, shoppers=200, days_apart=1, by_line=True)
BUSIEST = 40
"""So many of the busiest CDNOW customers are left out: they are shops themselves."""
LEAVERS, LEAST_DAYS, SILENT_GAPS = 2, 3, 4


@dataclass(frozen=True, slots=True)
class Piece:
    """One line of an order; `cents` is what is paid for all pieces."""

    sku: str
    quantity: int
    cents: int

    @property
    def unit_price(self) -> int:
        """Cents a piece, rounded up; the difference is the discount."""
        return -(-self.cents // self.quantity)

    @property
    def discount(self) -> int:
        """What unit price x quantity exceeds the paid amount by."""
        return self.unit_price * self.quantity - self.cents


@dataclass(frozen=True, slots=True)
class Sale:
    """An order to be: `number` counts within the year, `buyer` the accounts (companies first)."""

    number: int
    buyer: int
    day: date
    lines: tuple[Piece, ...]

    @property
    def cents(self) -> int:
        """What is paid."""
        return sum(line.cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The company's year around a business day."""

    today: date

    @property
    def start(self) -> date:
        """First day."""
        return self.month(0)

    @property
    def end(self) -> date:
        """Last day."""
        return self.month(MONTHS) - timedelta(days=1)

    def month(self, number: int) -> date:
        """First day of a month of the year, counted from 0."""
        count = self.today.year * 12 + self.today.month - 1 - MONTHS_BEHIND + number
        return date(count // 12, count % 12 + 1, 1)

    def placed(self, day: date) -> date | None:
        """The day of the year with the same month and day, when it has come."""
        for year in (self.start.year, self.end.year):
            try:
                found = day.replace(year=year)
            except ValueError:
                continue
            if self.start <= found <= self.today:
                return found
        return None


def pizza_path() -> Path:
    """The bundled days of the restaurant."""
    return Path(str(files("cli.year") / "data" / "pizzaplace_2015.csv"))


def sku_of(line: str) -> str:
    """The product that stands for a line of the restaurant."""
    return f"PIZZA-{line.upper()}"


def sales_of(calendar: Calendar, scale: Scale) -> tuple[Sale, ...]:
    """All sales by day."""
    found = [(day, buyer, lines) for day, buyer, lines in (*_companies(calendar, scale), *_shoppers(calendar, scale))]
    found.sort(key=lambda each: (each[0], each[1]))
    return tuple(Sale(number, buyer, day, lines) for number, (day, buyer, lines) in enumerate(found, start=1))


Found = tuple[date, int, tuple[Piece, ...]]


def _companies(calendar: Calendar, scale: Scale) -> list[Found]:
    days: dict[date, list[Piece]] = defaultdict(list)
    with pizza_path().open(encoding="ascii", newline="") as lines:
        for row in csv.DictReader(lines):
            piece = Piece(sku_of(row["line"]), int(row["pieces"]), int(row["cents"]))
            days[date.fromisoformat(row["date"])].append(piece)
    orders: list[tuple[date, tuple[Piece, ...]]] = []
    for day in sorted(days)[:: scale.days_apart]:
        placed = calendar.placed(day)
        if placed is not None:
            parts = [(piece,) for piece in days[day]] if scale.by_line else [tuple(days[day])]
            orders.extend((placed, part) for part in parts)
    return [(day, number % scale.companies, lines) for number, (day, lines) in enumerate(orders)]


def shoppers_of(scale: Scale) -> list[str]:
    """Ids of the CDNOW customers that are played: those with most purchases, after the busiest."""
    return _ranked()[BUSIEST : BUSIEST + scale.shoppers]


def _ranked() -> list[str]:
    counts: dict[str, int] = defaultdict(int)
    for purchase in cdnow.read(cdnow.sample_path()):
        counts[purchase.customer] += purchase.day.year == CDNOW_YEAR and purchase.cents > 0
    return sorted(counts, key=lambda customer: (-counts[customer], customer))


def leavers_of(calendar: Calendar, scale: Scale) -> list[list[tuple[date, Piece]]]:
    """The purchases of the first customers after those that are played who bought often, and then no more."""
    bought: dict[str, list[tuple[date, Piece]]] = {customer: [] for customer in _ranked()[BUSIEST + scale.shoppers :]}
    for purchase in cdnow.read(cdnow.sample_path()):
        placed = calendar.placed(purchase.day)
        if placed is not None and purchase.customer in bought and purchase.day.year == CDNOW_YEAR and purchase.cents:
            piece = Piece(cdnow.sku_of(purchase), purchase.quantity, purchase.cents)
            bought[purchase.customer].append((placed, piece))
    found = [sorted(each, key=lambda one: one[0]) for each in bought.values()]
    return [each for each in found if has_left([day for day, _piece in each], calendar.today)][:LEAVERS]


def has_left(days: list[date], today: date) -> bool:
    """Whether somebody who bought on these days, rising, has been silent for four of its usual gaps."""
    once = sorted(set(days))
    gaps = [(after - before).days for before, after in pairwise(once)]
    return len(once) >= LEAST_DAYS and (today - once[-1]).days >= SILENT_GAPS * median(gaps)


def _shoppers(calendar: Calendar, scale: Scale) -> list[Found]:
    numbers = {customer: scale.companies + number for number, customer in enumerate(shoppers_of(scale))}
    found: list[Found] = []
    for purchase in cdnow.read(cdnow.sample_path()):
        if purchase.customer not in numbers or purchase.day.year != CDNOW_YEAR or not purchase.cents:
            continue
        placed = calendar.placed(purchase.day)
        if placed is not None:
            piece = Piece(cdnow.sku_of(purchase), purchase.quantity, purchase.cents)
            found.append((placed, numbers[purchase.customer], (piece,)))
    return found
