"""What figures of a channel say is to be done with it."""

from __future__ import annotations

from enum import StrEnum


class Advice(StrEnum):
    """More money, a closer look, or as it is."""

    FUND = "fund"
    REVIEW = "review"
    KEEP = "keep"
