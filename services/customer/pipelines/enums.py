"""Words of pipelines."""

from __future__ import annotations

from enum import StrEnum


class ForecastCategory(StrEnum):
    """How an opportunity counts in a forecast; `closed` is what is won or lost."""

    PIPELINE = "pipeline"
    BEST_CASE = "best_case"
    COMMIT = "commit"
    CLOSED = "closed"
    OMITTED = "omitted"


class OpenCategory(StrEnum):
    """How an open opportunity may count."""

    PIPELINE = "pipeline"
    BEST_CASE = "best_case"
    COMMIT = "commit"
    OMITTED = "omitted"
