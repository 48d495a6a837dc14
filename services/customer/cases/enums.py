"""Words of cases."""

from __future__ import annotations

from enum import StrEnum


class CaseKind(StrEnum):
    """What a customer comes with."""

    QUESTION = "question"
    INCIDENT = "incident"
    COMPLAINT = "complaint"
    FEEDBACK = "feedback"


class CaseState(StrEnum):
    """The way of a complaint, after ISO 10002:2018, clause 7."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    ASSESSED = "assessed"
    INVESTIGATING = "investigating"
    RESPONDED = "responded"
    CLOSED = "closed"


class Extent(StrEnum):
    """How complex a case is, and how far it reaches."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
