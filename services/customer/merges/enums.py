"""States of merges, and which side a field is taken from."""

from __future__ import annotations

from enum import StrEnum


class MergeState(StrEnum):
    """In force, or taken back."""

    MERGED = "merged"
    UNMERGED = "unmerged"


class MergeSide(StrEnum):
    """Whose value a field keeps."""

    SURVIVOR = "survivor"
    MERGED = "merged"
