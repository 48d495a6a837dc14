"""Words of grading."""

from __future__ import annotations

from enum import StrEnum


class Strategy(StrEnum):
    """How an account is worked, by its grade and its tenure."""

    KEY_SERVICE = "key_service"
    DEVELOP = "develop"
    MAINTAIN = "maintain"
    REVIEW = "review"


class DryReason(StrEnum):
    """Why a run that has finished changed nothing."""

    DRY_RUN = "dry-run"
    REPEATED = "run-repeated"
    OUT_OF_ORDER = "run-out-of-order"
    INSUFFICIENT_DATA = "insufficient-data"
