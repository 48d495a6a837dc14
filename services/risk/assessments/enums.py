"""Kinds of assessments."""

from __future__ import annotations

from enum import StrEnum


class AssessmentKind(StrEnum):
    """A risk without its controls, as it is, and as it shall be once it is treated."""

    INHERENT = "inherent"
    CURRENT = "current"
    RESIDUAL = "residual"
