"""States of screenings."""

from __future__ import annotations

from enum import StrEnum


class PartnerScreeningState(StrEnum):
    """An applicant is weighed, then taken or not."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
