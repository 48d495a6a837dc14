"""Regions are the codes of ISO 3166-2, as that writes them."""

from __future__ import annotations

import re

import pytest

from kit.regions import area_code, check_region, country_code, known_countries, known_regions, region_code


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
        ("Shanghai", "no code of ISO 3166-2; expected CN-SH"),
        ("", "no code of ISO 3166-2"),
    ],
)
def test_one_spelling(region: str, detail: str) -> None:
    assert check_region(region) == detail


def test_every_country_is_known() -> None:
    assert len(known_countries()) == 251
    assert {"CN", "GB", "HK", "AX", "XK"} < known_countries()
    assert not {"UK", "EL", "ZZ", "QQ", "AN", "CS", "EU"} & known_countries()


@pytest.mark.parametrize(
    ("written", "code"),
    [("GB", "GB"), ("UK", "GB"), ("EL", "GR"), ("XK", "XK"), ("ZZ", None), ("AN", None), ("", None)],
)
def test_one_code_of_a_country(written: str, code: str | None) -> None:
    assert country_code(written) == code


@pytest.mark.parametrize(
    ("written", "country", "code"),
    [
        ("gb-lon", None, None),
        ("GB-LND", None, "GB-LND"),
        ("gb-lnd", "GB", "GB-LND"),
        ("lnd", "GB", "GB-LND"),
        ("lnd", None, None),
        ("US-99", "US", None),
        ("XX-1", None, None),
        ("FR-75", "FR", None),
        ("Shanghai", None, "CN-SH"),
        ("cn-31", None, "CN-SH"),
        ("31", "FR", "FR-31"),
        ("shanghai", "US", None),
    ],
)
def test_one_code_of_a_region(written: str, country: str | None, code: str | None) -> None:
    assert region_code(written, country) == code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("cn", "CN"),
        ("UK", "GB"),
        ("Shanghai", "CN-SH"),
        ("cn-31", "CN-SH"),
        ("cn-s", "CN-S"),
        ("Cn-Sh-01", "CN-SH-01"),
        ("nowhere", None),
        ("XX-", None),
        ("ZZ-S", None),
    ],
)
def test_an_area_is_a_country_or_a_region(written: str, code: str | None) -> None:
    assert area_code(written) == code


def test_every_code_is_kept_as_it_is() -> None:
    assert all(region_code(code) == region_code(code.lower()) == code for code in known_regions())
    assert all(country_code(code) == area_code(code.lower()) == code for code in known_countries())
