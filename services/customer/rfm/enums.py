"""Words of the RFM analysis."""

from __future__ import annotations

from enum import StrEnum


class RfmSegment(StrEnum):
    """What kind of buyer recency and frequency make of an account."""

    CHAMPIONS = "champions"
    POTENTIAL_LOYAL = "potential_loyal"
    NEW = "new"
    PROMISING = "promising"
    LOYAL = "loyal"
    NEED_ATTENTION = "need_attention"
    ABOUT_TO_SLEEP = "about_to_sleep"
    CANNOT_LOSE = "cannot_lose"
    AT_RISK = "at_risk"
    HIBERNATING = "hibernating"
    LOST = "lost"
