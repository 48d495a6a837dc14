"""Words of simulations of policies."""

from __future__ import annotations

from enum import StrEnum


class PolicyMove(StrEnum):
    """What of a subject would be another: grade and terms, the limit that a run leaves or recommends, what holds it by
    the rules, the band of an assessment."""

    GRADE = "grade"
    TERMS_DAYS = "terms_days"
    DEPOSIT_SHARE = "deposit_share"
    CREDIT_LIMIT = "credit_limit"
    RECOMMENDED_LIMIT = "recommended_limit"
    HOLD_REASONS = "hold_reasons"
    BAND = "band"
