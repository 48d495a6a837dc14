"""Regions are the codes of ISO 3166-2, as that writes them."""

from __future__ import annotations

import re

import pytest

from services.targets.targets.regions import check_region, known_regions


def test_the_file_holds_every_code() -> None:
    regions = known_regions()
    assert len(regions) == 5046
    assert all(re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}", region) for region in regions)
    assert sum(region.startswith("CN-") for region in regions) == 34
    assert {"CN-SH", "CN-BJ", "CN-GD", "CN-HK", "US-CA", "DE-BY", "FR-75C", "AF-ZAB"} <= regions


@pytest.mark.parametrize(
    ("region", "detail"),
    [
        ("CN-SH", ""),
        ("cn-sh", "no code of ISO 3166-2; expected CN-SH"),
        (" CN-SH ", "no code of ISO 3166-2; expected CN-SH"),
        ("CN-A", "no code of ISO 3166-2"),
        ("Shanghai", "no code of ISO 3166-2"),
        ("", "no code of ISO 3166-2"),
    ],
)
def test_one_spelling(region: str, detail: str) -> None:
    assert check_region(region) == detail
