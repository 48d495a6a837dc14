"""Pure rules of territories: what one may hold, when it ends, and which of several wins."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import cache
from typing import Protocol
from uuid import UUID

from kit.errors import Conflict, FieldError, Invalid, UnknownReference
from kit.regions import known_countries, known_regions
from services.targets.territories.enums import TerritoryDecision

FORMULA_VERSION = 1
_SECTIONS = {
    "gbt4754": """
        A01-05 B06-12 C13-43 D44-46 E47-50 F51-52 G53-60 H61-62 I63-65 J66-69 K70 L71-72 M73-75 N76-79 O80-82 P83
        Q84-85 R86-90 S91-96 T97
    """,
    "isic": """
        A01-03 B05-09 C10-33 D35 E36-39 F41-43 G45-47 H49-53 I55-56 J58-63 K64-66 L68 M69-75 N77-82 O84 P85 Q86-88
        R90-93 S94-96 T97-98 U99
    """,
}
"""Sections of GB/T 4754-2017 and of ISIC Rev.4, and their divisions."""
_WRITTEN = re.compile(r"(gbt4754|isic):([A-U]|[0-9]{2,4})")


class TerritoryInvalid(Invalid):
    code, title = "territory-invalid", "There can be no such territory"


class TerritoryEnded(Conflict):
    code, title = "territory-ended", "The territory ends before that day already"


class TerritoryNotBegun(Conflict):
    code, title = "territory-not-begun", "The territory begins after that day"


class Held(Protocol):
    """What a territory says of itself."""

    @property
    def member_id(self) -> UUID | None: ...
    @property
    def unit_id(self) -> UUID | None: ...
    @property
    def regions(self) -> Sequence[str]: ...
    @property
    def industries(self) -> Sequence[str]: ...
    @property
    def account_ids(self) -> Sequence[UUID]: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date | None: ...


class Ranked(Protocol):
    """What decides between territories that hold the same account."""

    @property
    def level(self) -> int: ...
    @property
    def valid_from(self) -> date: ...


def _refused(pointer: str, code: str, detail: str) -> TerritoryInvalid:
    return TerritoryInvalid(errors=[FieldError(pointer, code, detail)])


def check_territory(one: Held) -> None:
    """One holder, something held, days in order, codes that exist. Raises TerritoryInvalid, UnknownReference."""
    if (one.member_id is None) == (one.unit_id is None):
        raise _refused("/member_id", "one-holder", "a territory is a member's or a unit's")
    if not (one.regions or one.industries or one.account_ids):
        raise _refused("/regions", "empty", "name regions, industries or accounts")
    if one.valid_to is not None and one.valid_to < one.valid_from:
        raise _refused("/valid_to", "before-start", "ends before it begins")
    for number, region in enumerate(one.regions):
        if region not in known_regions() and region not in known_countries():
            detail = "no country of ISO 3166-1 and no region of ISO 3166-2"
            raise UnknownReference(errors=[FieldError(f"/regions/{number}", "unknown-region", detail)])
    for number, industry in enumerate(one.industries):
        if not branches_in(industry):
            detail = "no code of the classification"
            raise UnknownReference(errors=[FieldError(f"/industries/{number}", "unknown-industry", detail)])


@cache
def _divisions(scheme: str) -> dict[str, tuple[str, ...]]:
    """Divisions by the letter of their section."""
    found: dict[str, tuple[str, ...]] = {}
    for written in _SECTIONS[scheme].split():
        first, _, last = written[1:].partition("-")
        found[written[0]] = tuple(f"{number:02}" for number in range(int(first), int(last or first) + 1))
    return found


def branches_in(industry: str) -> tuple[str, ...]:
    """The codes an account may have to be in an industry: a section's letter with its divisions, or the code alone;
    none when there is no such code.

    >>> branches_in("gbt4754:F"), branches_in("isic:4711"), branches_in("isic:4")
    (('gbt4754:F', 'gbt4754:51', 'gbt4754:52'), ('isic:4711',), ())
    """
    if (found := _WRITTEN.fullmatch(industry)) is None:
        return ()
    scheme, code = found[1], found[2]
    sections = _divisions(scheme)
    if code.isalpha():
        return tuple(f"{scheme}:{each}" for each in (code, *sections[code])) if code in sections else ()
    return (industry,) if any(code[:2] in each for each in sections.values()) else ()


def branches_of(industries: Iterable[str]) -> tuple[str, ...]:
    """All codes that are in these industries."""
    return tuple(sorted({branch for each in industries for branch in branches_in(each)}))


def unique(codes: Collection[str]) -> tuple[str, ...]:
    """Each code once, sorted."""
    return tuple(sorted(set(codes)))


def check_end(valid_from: date, valid_to: date | None, on: date) -> None:
    """Whether `on` can be the last day. Raises TerritoryNotBegun, TerritoryEnded."""
    if on < valid_from:
        raise TerritoryNotBegun(f"it begins on {valid_from}")
    if valid_to is not None and valid_to < on:
        raise TerritoryEnded(f"it ends on {valid_to}")


def decided_by(claims: Sequence[Ranked]) -> TerritoryDecision | None:
    """What let the first of these win, which are in order; None without any."""
    if not claims:
        return None
    if len(claims) == 1:
        return TerritoryDecision.ONLY
    first, second = claims[:2]
    if first.level != second.level:
        return TerritoryDecision.REASON
    return TerritoryDecision.VALID_FROM if first.valid_from != second.valid_from else TerritoryDecision.CODE
