"""States of tier programmes, and by what they judge partners."""

from __future__ import annotations

from enum import StrEnum


class TierProgrammeState(StrEnum):
    """A draft may change; a published version never does."""

    DRAFT = "draft"
    PUBLISHED = "published"


class TierMetric(StrEnum):
    """What a level may ask for, of the period of an evaluation."""

    REVENUE = "revenue"
    GROWTH = "growth"
    DEALS_WON = "deals_won"
    CERTIFICATES = "certificates"
    SATISFACTION = "satisfaction"
    CONFLICTS = "conflicts"
