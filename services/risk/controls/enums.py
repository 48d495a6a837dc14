"""Kinds and states of controls."""

from __future__ import annotations

from enum import StrEnum


class ControlKind(StrEnum):
    """Against a cause, or against a consequence."""

    PREVENTIVE = "preventive"
    MITIGATING = "mitigating"


class ControlState(StrEnum):
    """A control counts while it is active."""

    PLANNED = "planned"
    ACTIVE = "active"
    RETIRED = "retired"


class Verdict(StrEnum):
    """What a test of a control has shown."""

    PASS = "pass"
    FAIL = "fail"
