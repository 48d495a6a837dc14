"""Regions: the subdivisions of countries, by their codes of ISO 3166-2."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from kit.text import fold_text


@cache
def known_regions() -> frozenset[str]:
    """Every code of ISO 3166-2, such as `CN-SH`."""
    text = files(__package__).joinpath("iso_3166_2.txt").read_text("ascii")
    codes, country = set[str](), ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            country, _, line = line.partition(":")
        codes.update(f"{country}-{part}" for part in line.split())
    return frozenset(codes)


def check_region(region: str) -> str:
    """What is wrong with a region, empty when it is a code of ISO 3166-2 as that writes it."""
    if region in known_regions():
        return ""
    meant = fold_text(region).upper()
    return "no code of ISO 3166-2" + (f"; expected {meant}" if meant in known_regions() else "")
