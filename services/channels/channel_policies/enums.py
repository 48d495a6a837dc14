"""Words of the policies of channels."""

from __future__ import annotations

from enum import StrEnum


class ChannelPolicyKind(StrEnum):
    """What a policy rules."""

    CONFLICT = "conflict"


class ConflictSeverity(StrEnum):
    """How grave a conflict is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
