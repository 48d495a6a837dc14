"""States of studies."""

from __future__ import annotations

from enum import StrEnum


class StudyState(StrEnum):
    """A draft may change; what has run never does."""

    DRAFT = "draft"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
