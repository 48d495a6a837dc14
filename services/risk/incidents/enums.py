"""States of incidents."""

from __future__ import annotations

from enum import StrEnum


class IncidentState(StrEnum):
    """From the record of what happened to the end of its analysis."""

    RECORDED = "recorded"
    ANALYSED = "analysed"
    CLOSED = "closed"
