"""Words of the facts of KPIs."""

from __future__ import annotations

from enum import StrEnum


class CaseStep(StrEnum):
    """What KPIs count of a case: it came, was answered, was closed, was opened again once it was closed, or had a clock
    run out."""

    OPENED = "opened"
    ANSWERED = "answered"
    CLOSED = "closed"
    REOPENED = "reopened"
    BREACHED = "breached"
