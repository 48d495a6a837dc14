"""Words of scorecards."""

from __future__ import annotations

from enum import StrEnum


class ScoreFactor(StrEnum):
    """What a score is made of; current_ratio, equity_share and net_margin are the parts of financials."""

    DAYS_LATE = "days_late"
    LATE_SHARE = "late_share"
    DEFAULTS = "defaults"
    UTILISATION = "utilisation"
    TENURE = "tenure"
    CURRENT_RATIO = "current_ratio"
    EQUITY_SHARE = "equity_share"
    NET_MARGIN = "net_margin"
    DISPUTES = "disputes"
    EXTERNAL = "external"


class ScoringCause(StrEnum):
    """Why accounts were scored: every night, because somebody asked for all of them, or for one."""

    NIGHTLY = "nightly"
    ASKED = "asked"
    RESCORE = "rescore"


class ScoreLack(StrEnum):
    """What a score lacks: items that were due in its window, or factors that have data."""

    ITEMS = "items"
    POINTS = "points"


class DefaultCause(StrEnum):
    """Why an account is graded D whatever its score."""

    UNCURED = "uncured"
    INSOLVENCY = "insolvency"
