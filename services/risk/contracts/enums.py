"""Kinds and states of contracts."""

from __future__ import annotations

from enum import StrEnum


class ContractType(StrEnum):
    """What a contract is about; each has a checklist of its own."""

    SALES = "sales"
    FRAMEWORK = "framework"
    DISTRIBUTION = "distribution"
    SERVICE = "service"
    NDA = "nda"


class ContractState(StrEnum):
    """From the draft to the end; a contract that ended in time was fulfilled, or merely expired."""

    DRAFT = "draft"
    LEGAL_REVIEW = "legal_review"
    APPROVED = "approved"
    SIGNED = "signed"
    IN_FORCE = "in_force"
    FULFILLED = "fulfilled"
    EXPIRED = "expired"
    TERMINATED = "terminated"


class Renewal(StrEnum):
    """What follows the last day."""

    NONE = "none"
    BY_AGREEMENT = "by_agreement"
    AUTOMATIC = "automatic"


class ClauseResult(StrEnum):
    """How a clause of the checklist was judged."""

    PASS = "pass"
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"


class StepKind(StrEnum):
    """What a date brings about."""

    BEGIN = "begin"
    WARN = "warn"
    RENEW = "renew"
    END = "end"
