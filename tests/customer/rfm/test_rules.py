"""Every pair of scores has its segment."""

from __future__ import annotations

import pytest

from services.customer.rfm.enums import RfmSegment
from services.customer.rfm.rules import SEGMENTS, rfm_segment

TABLE = """
5  new potential_loyal potential_loyal champions champions
4  promising potential_loyal potential_loyal champions champions
3  about_to_sleep need_attention need_attention loyal loyal
2  hibernating hibernating at_risk at_risk cannot_lose
1  lost lost at_risk at_risk cannot_lose
"""
CELLS = [
    (int(r), f, name)
    for r, *names in (line.split() for line in TABLE.strip().splitlines())
    for f, name in enumerate(names, 1)
]
"""Recency by row, frequency 1 to 5 by column."""


@pytest.mark.parametrize(("r", "f", "name"), CELLS)
def test_segments(r: int, f: int, name: str) -> None:
    assert rfm_segment(r, f) == SEGMENTS[r, f] == name


def test_every_segment_is_some_pair() -> None:
    assert len(CELLS) == len(SEGMENTS) == 25
    assert set(SEGMENTS.values()) == set(RfmSegment)
