"""How the best promotion of a group is found."""

from __future__ import annotations

from enum import StrEnum


class GroupPer(StrEnum):
    """Line: each line takes its best. Quote: the one that gives most in all."""

    LINE = "line"
    QUOTE = "quote"
