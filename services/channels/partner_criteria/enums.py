"""States of criteria, and what they are about."""

from __future__ import annotations

from enum import StrEnum


class PartnerCriteriaState(StrEnum):
    """A version is written, then published by a second person; the newest published one counts."""

    DRAFT = "draft"
    PUBLISHED = "published"


class PartnerCriterionGroup(StrEnum):
    """What a criterion says of an applicant."""

    REPUTATION = "reputation"
    STRENGTH = "strength"
    WILLINGNESS = "willingness"
