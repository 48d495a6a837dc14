"""The narrated page of a year: plain Markdown, the same sentences that are printed while it is played."""

from __future__ import annotations

from cli.year.book import Act, dollars
from cli.year.play import Year
from cli.year.table import Tied

INTRODUCTION = (
    "The orders are real: the days of a pizza restaurant as orders of companies through partners, and purchases of "
    "CDNOW's customers as those of a shop, moved to the last months up to today. Everything below went through the "
    "public API; from service to service it went by events."
)


def page_of(year: Year) -> str:
    """The whole page."""
    parts = ["# A company's year", INTRODUCTION]
    for number, act in enumerate(year.acts, start=1):
        parts.append(_act(number, act))
    if year.table is not None:
        parts.append(_table(year.table))
    if year.worst:
        parts.append(_effects(year.worst))
    if year.broken:
        parts.append(f"**The year could not go on:** {_cell(year.broken)}")
    return "\n\n".join(parts) + "\n"


def _act(number: int, act: Act) -> str:
    laws = [f"- {'holds' if law.holds else '**does not hold**'}: {law.name}" for law in act.laws]
    return "\n\n".join([f"## {number}. {act.name}", *act.told, *(["\n".join(laws)] if laws else [])])


def _table(table: Tied) -> str:
    rows = [
        f"| {row.name} | {row.left} | {dollars(row.says)} | {row.right} | {dollars(row.also)} "
        f"| {'ties' if row.ties else '**differs**'} |"
        for row in table.rows
    ]
    head = ["| what | who says it | amount | who else says it | amount | |", "|---|---|--:|---|--:|---|"]
    return "\n".join(["## Who says what of the same money", "", *head, *rows])


def _effects(worst: dict[str, float]) -> str:
    rows = [f"| {name} | {milliseconds:,.0f} ms |" for name, milliseconds in worst.items()]
    return "\n".join(["## How long effects took, at worst", "", "| effect | after the answer |", "|---|--:|", *rows])


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "/")
