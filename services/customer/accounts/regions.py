"""Regions as they are kept: codes of ISO 3166-2, of China the alphabetic ones, however a province was written."""

from __future__ import annotations

from kit.errors import FieldError, Invalid
from kit.regions import region_code


class RegionUnknown(Invalid):
    """No province of China, and no code of ISO 3166-2."""

    code, title = "unknown-region", "There is no such region"


def clean_region(country: str | None, region: str | None, pointer: str = "/region") -> str | None:
    """The region as it is kept (`kit.regions.region_code`), read as in the country if one is known: who has a seat in
    one country may be sold to in another. Raises RegionUnknown."""
    if region is None:
        return None
    found = region_code(region, country)
    if found is None:
        raise _refused(pointer, f"no region {region}: a code of ISO 3166-2, or a province of China")
    return found


def _refused(pointer: str, detail: str) -> RegionUnknown:
    return RegionUnknown(detail, errors=[FieldError(pointer, RegionUnknown.code, detail)])


def kept_region(country: str | None, region: str | None) -> str | None:
    """A region of before as it is kept today; one that is unknown stays."""
    try:
        return clean_region(country, region)
    except RegionUnknown:
        return region
