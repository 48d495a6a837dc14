"""Words of the policies of channels."""

from __future__ import annotations

from enum import StrEnum


class ChannelPolicyKind(StrEnum):
    """What a policy rules: how conflicts are found, how channels are scored, what a role may take off alone, how much
    the prizes of draws may be worth."""

    CONFLICT = "conflict"
    SCORING = "scoring"
    DISCOUNT = "discount"
    DRAW = "draw"


class ConflictSeverity(StrEnum):
    """How grave a conflict is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
