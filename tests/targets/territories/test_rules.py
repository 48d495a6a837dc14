"""Rules of territories: what one may hold, how long, and which of several wins."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kit.regions import known_countries
from services.customer.accounts.enums import IndustryScheme
from services.customer.accounts.filling import IndustryUnknown, industry_code
from services.targets.accounts.rules import branches_of as account_branches
from services.targets.accounts.rules import places_of
from services.targets.territories.enums import TerritoryDecision
from services.targets.territories.models import Claim
from services.targets.territories.rules import (
    TerritoryEnded,
    TerritoryNotBegun,
    branches_in,
    branches_of,
    check_end,
    decided_by,
)

SECTIONS = "ABCDEFGHIJKLMNOPQRSTU"


def claim(level: int, start: str = "2026-01-01", code: str = "a") -> Claim:
    more: dict[str, Any] = dict.fromkeys(("member_id", "unit_id", "valid_to"))
    more |= {"id": "01989f2e-0000-7000-8000-000000000001", "name": "A", "is_vacant": False}
    return Claim.model_validate({**more, "level": level, "valid_from": start, "code": code})


@pytest.mark.parametrize(
    ("region", "country", "expected"),
    [
        ("CN-SH", "CN", ("CN", "CN-SH")),
        (None, "CN", ("CN",)),
        ("", "CN", ("CN",)),
        ("de-by", None, ("DE", "DE-BY")),
        ("Shanghai", "CN", ("SHANGHAI",)),
        ("-SH", None, ()),
        (None, None, ()),
    ],
)
def test_places(region: str | None, country: str | None, expected: tuple[str, ...]) -> None:
    assert places_of(region, country) == expected


def test_an_industry_is_held_by_what_is_above_it() -> None:
    assert account_branches("gbt4754", "51") == ("gbt4754:51",)
    assert account_branches("gbt4754", "5172") == ("gbt4754:51", "gbt4754:517", "gbt4754:5172")
    assert account_branches("isic", "F") == ("isic:F",)
    assert branches_of(["gbt4754:F", "gbt4754:51", "gbt4754:7"]) == ("gbt4754:51", "gbt4754:52", "gbt4754:F")


@pytest.mark.parametrize("scheme", IndustryScheme)
def test_codes_are_those_that_accounts_may_have(scheme: IndustryScheme) -> None:
    for code in (*SECTIONS, *(f"{number:02}" for number in range(100))):
        try:
            known = industry_code(scheme, code)
        except IndustryUnknown:
            known = None
        assert bool(branches_in(f"{scheme}:{code}")) == (known is not None), code


def test_countries_are_those_with_regions() -> None:
    assert {"CN", "DE"} < known_countries()
    assert "XX" not in known_countries()


def test_the_last_day_is_not_before_the_first_and_only_moves_back() -> None:
    first, last = date(2026, 1, 1), date(2026, 6, 30)
    check_end(first, None, first)
    check_end(first, last, last)
    with pytest.raises(TerritoryNotBegun):
        check_end(first, None, date(2025, 12, 31))
    with pytest.raises(TerritoryEnded):
        check_end(first, last, date(2026, 7, 1))


def test_what_decides() -> None:
    assert decided_by([]) is None
    assert decided_by([claim(4)]) is TerritoryDecision.ONLY
    assert decided_by([claim(1), claim(2, "2020-01-01")]) is TerritoryDecision.REASON
    assert decided_by([claim(2), claim(2, "2026-01-02")]) is TerritoryDecision.VALID_FROM
    assert decided_by([claim(2), claim(2, code="b")]) is TerritoryDecision.CODE
