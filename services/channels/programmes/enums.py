"""States of a rebate programme."""

from __future__ import annotations

from enum import StrEnum


class ProgrammeState(StrEnum):
    """A draft may change; a published programme counts and never changes."""

    DRAFT = "draft"
    PUBLISHED = "published"
