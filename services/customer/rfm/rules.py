"""RFM: scores 1 to 5 by rank, and the segment that the scores of recency and frequency name.

A score is 1 + floor(5 * worse / n), `worse` being how many accounts are strictly worse: equal values have equal scores,
which cutting a sorted list into five equal parts does not give.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.customer.rfm.enums import RfmSegment as S

FORMULA_VERSION: Final = 1
CLASSES: Final = 5
LEAST_ACCOUNTS: Final = CLASSES
"""With fewer accounts than classes there is nothing to rank."""


def rfm_segment(recency: int, frequency: int) -> S:
    """Segment of two scores of 1 to 5."""
    if recency >= 4:
        if frequency >= 4:
            return S.CHAMPIONS
        if frequency >= 2:
            return S.POTENTIAL_LOYAL
        return S.NEW if recency == CLASSES else S.PROMISING
    if recency == 3:
        return S.LOYAL if frequency >= 4 else S.NEED_ATTENTION if frequency >= 2 else S.ABOUT_TO_SLEEP
    if frequency == CLASSES:
        return S.CANNOT_LOSE
    if frequency >= 3:
        return S.AT_RISK
    return S.HIBERNATING if recency == 2 else S.LOST


SEGMENTS: Final[Mapping[tuple[int, int], S]] = MappingProxyType(
    {(r, f): rfm_segment(r, f) for r in range(1, CLASSES + 1) for f in range(1, CLASSES + 1)}
)
"""Segment by the scores of recency and frequency."""
