"""Kinds of observations."""

from __future__ import annotations

from enum import StrEnum


class ObservationKind(StrEnum):
    """What was observed: the size of a market or what was spent (minor units), growth or a share (millionths), a figure
    of a competitor or of one of the five forces (thousandths)."""

    SIZE = "size"
    GROWTH = "growth"
    SHARE = "share"
    COMPETITOR = "competitor"
    SPEND = "spend"
    FORCE = "force"


NAMED = frozenset({ObservationKind.COMPETITOR, ObservationKind.FORCE})
"""What is about somebody or something that has a name."""

AMOUNTS = frozenset({ObservationKind.SIZE, ObservationKind.SPEND})
"""What is never below 0."""
