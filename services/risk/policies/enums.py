"""Kinds and states of a policy, and the words that bodies use."""

from __future__ import annotations

from enum import StrEnum


class RiskPolicyKind(StrEnum):
    """What a policy rules."""

    SCORECARD = "scorecard"
    TERMS = "terms"
    HOLDS = "holds"
    MATRIX = "matrix"
    CLAUSES = "clauses"
    FORWARD = "forward"


class RiskPolicyState(StrEnum):
    """A draft may change; one version of a kind is active."""

    DRAFT = "draft"
    APPROVED = "approved"
    ACTIVE = "active"
    SUPERSEDED = "superseded"


class CreditGrade(StrEnum):
    """How good a customer pays, best first; `NR`: not rated."""

    AAA = "AAA"
    AA = "AA"
    A = "A"
    BBB = "BBB"
    BB = "BB"
    B = "B"
    CCC = "CCC"
    D = "D"
    NR = "NR"


class LimitMode(StrEnum):
    """What a scoring run does with the limit it recommends: nothing, take it where it is lower, take it."""

    RECOMMEND = "recommend"
    LOWER = "lower"
    BOTH = "both"


class RiskBand(StrEnum):
    """What a cell of the matrix means."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    EXTREME = "extreme"
