"""Words of the pipeline."""

from __future__ import annotations

from enum import StrEnum


class PipelineForecast(StrEnum):
    """How sure an opportunity is, the surest first, as customer says it; open ones are never `closed`."""

    COMMIT = "commit"
    BEST_CASE = "best_case"
    PIPELINE = "pipeline"
    OMITTED = "omitted"
    CLOSED = "closed"


class PipelineState(StrEnum):
    """Whether an opportunity may still become an order."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
