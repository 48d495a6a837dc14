"""What an account's fields say of others: its class by size, its section of industry."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

from kit.errors import FieldError, Invalid
from kit.money import exponent
from services.customer.accounts.enums import IndustryScheme, SizeClass

YUAN: Final = "CNY"
_BOUNDED = (SizeClass.LARGE, SizeClass.MEDIUM, SizeClass.SMALL)
_SECTIONS = {
    IndustryScheme.GBT4754: """
        A01-05 B06-12 C13-43 D44-46 E47-50 F51-52 G53-60 H61-62 I63-65 J66-69 K70 L71-72 M73-75 N76-79 O80-82 P83
        Q84-85 R86-90 S91-96 T97
    """,
    IndustryScheme.ISIC: """
        A01-03 B05-09 C10-33 D35 E36-39 F41-43 G45-47 H49-53 I55-56 J58-63 K64-66 L68 M69-75 N77-82 O84 P85 Q86-88
        R90-93 S94-96 T97-98 U99
    """,
}
"""Sections of GB/T 4754-2017 and of ISIC Rev.4, and their divisions."""
_WRITTEN = re.compile(r"([A-U]?)([0-9]{2,4})?")


class IndustryUnknown(Invalid):
    """No code of the classification."""

    code, title = "industry-unknown", "There is no such industry"


class Measure(NamedTuple):
    """Lower bounds of large, medium and small; empty where the industry is not measured by it."""

    employees: tuple[int, ...]
    revenue: tuple[int, ...]
    needs_assets: bool


@cache
def _sections(scheme: IndustryScheme) -> dict[str, tuple[str, ...]]:
    return {one[0]: _prefixes(one[1:]) for one in _SECTIONS[scheme].split()}


def _prefixes(written: str) -> tuple[str, ...]:
    found: list[str] = []
    for part in written.split():
        first, _, last = part.partition("-")
        found += [str(n).zfill(len(first)) for n in range(int(first), int(last or first) + 1)]
    return tuple(found)


@cache
def _table() -> dict[IndustryScheme, dict[str, Measure]]:
    """Measure by the prefix of a code."""
    text = files("services.customer.accounts").joinpath("size_classes.toml").read_text()
    found: dict[IndustryScheme, dict[str, Measure]] = {scheme: {} for scheme in IndustryScheme}
    for one in tomllib.loads(text)["industry"]:
        measure = Measure(tuple(one.get("employees", ())), tuple(one.get("revenue", ())), "assets" in one)
        for scheme in IndustryScheme:
            found[scheme] |= dict.fromkeys(_prefixes(one[scheme]), measure)
    return found


@lru_cache(maxsize=1024)
def industry_code(scheme: IndustryScheme, written: str) -> str:
    """The code as it is kept: a section is a letter, a division, group or class its digits. Raises IndustryUnknown."""
    found = _WRITTEN.fullmatch(written.strip().upper())
    section, digits = (found[1], found[2]) if found else ("", None)
    sections = _sections(scheme)
    divisions = sections.get(section, ()) if section else sum(sections.values(), ())
    if found is None or not divisions or (digits is None and not section) or (digits and digits[:2] not in divisions):
        detail = f"no code {written} of {scheme}"
        raise IndustryUnknown(detail, errors=[FieldError("/industry/code", IndustryUnknown.code, detail)])
    return digits or section


def _measure(scheme: IndustryScheme, code: str) -> Measure | None:
    """How a code is measured; of a section only where all its divisions are measured alike."""
    table = _table()[scheme]
    if code.isalpha():
        alike = {table.get(division) for division in _sections(scheme)[code]}
        return alike.pop() if len(alike) == 1 else None
    return next((table[code[:length]] for length in (3, 2) if code[:length] in table), None)


def size_class(
    scheme: IndustryScheme | None, code: str, employees: int | None, revenue: Decimal | None
) -> SizeClass | None:
    """The class of an enterprise by the table of 2017; `revenue` of a year in 10,000 CNY. None where one of them, or
    the measure of the industry, is not known."""
    measure = _measure(scheme, code) if scheme else None
    if measure is None or measure.needs_assets or employees is None or revenue is None:
        return None
    for place, one in enumerate(_BOUNDED):
        if _met(measure.employees, place, employees) and _met(measure.revenue, place, revenue):
            return one
    return SizeClass.MICRO


def _met(bounds: Sequence[int], place: int, value: int | Decimal) -> bool:
    return not bounds or value >= bounds[place]


def ten_thousands(amount: int, base_currency: str, rate: str) -> Decimal:
    """An amount of the base currency in 10,000 CNY; `rate` is base units per CNY."""
    return Decimal(amount).scaleb(-exponent(base_currency)) / Decimal(rate) / 10_000


def sized(values: Mapping[str, Any], base_currency: str, rate: str | None) -> SizeClass | None:
    """The class of an account's fields; None without a rate of CNY."""
    industry, revenue = values.get("industry"), values.get("annual_revenue_base")
    if industry is None or revenue is None or rate is None:
        return None
    return size_class(
        industry.scheme, industry.code, values.get("employees"), ten_thousands(revenue, base_currency, rate)
    )
