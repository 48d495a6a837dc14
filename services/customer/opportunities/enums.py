"""Words of opportunities."""

from __future__ import annotations

from enum import StrEnum


class OpportunityState(StrEnum):
    """An opportunity is open until it is won or lost."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
