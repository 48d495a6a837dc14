"""Words of a policy."""

from __future__ import annotations

from enum import StrEnum


class ChecksRule(StrEnum):
    """Whether a check that fails is told, or refuses an approval."""

    ADVISE = "advise"
    REQUIRED = "required"


class Approval(StrEnum):
    """Whether a target needs somebody else's approval before it counts."""

    OFF = "off"
    REQUIRED = "required"
