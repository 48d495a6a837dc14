"""Kinds of units."""

from __future__ import annotations

from enum import StrEnum


class UnitKind(StrEnum):
    """What a unit is; kinds may nest in any order."""

    COMPANY = "company"
    DIVISION = "division"
    REGION = "region"
    DISTRICT = "district"
    TEAM = "team"
