"""Words of identity."""

from __future__ import annotations

from enum import StrEnum


class IdentityVerdict(StrEnum):
    """What a score says of two accounts."""

    DUPLICATE = "duplicate"
    POSSIBLE = "possible"
    DIFFERENT = "different"


class TaxIds(StrEnum):
    """What the tax ids of two accounts say of each other; unknown: one of them has none."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


class CandidateState(StrEnum):
    """Whether somebody has still to look at two accounts."""

    OPEN = "open"
    DISMISSED = "dismissed"
