"""Words of what is done with personal values."""

from __future__ import annotations

from enum import StrEnum


class LawfulBasis(StrEnum):
    """Why a person may be written to."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTERESTS = "legitimate_interests"
