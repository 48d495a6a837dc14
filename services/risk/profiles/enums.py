"""Words of credit profiles."""

from __future__ import annotations

from enum import StrEnum


class SubjectKind(StrEnum):
    """Whose credit it is: that of an account, or of a partner, which is that of the orders that name it."""

    ACCOUNT = "account"
    PARTNER = "partner"


class HoldReason(StrEnum):
    """Why a subject is on hold: by the rules (overdue items, a grade, a fall of the grade), or by a person."""

    OVERDUE = "overdue"
    GRADE = "grade"
    GRADE_DROP = "grade_drop"
    MANUAL = "manual"


class CreditSecurityKind(StrEnum):
    """What secures what an account owes."""

    GUARANTEE = "guarantee"
    INSURANCE = "insurance"
    LETTER_OF_CREDIT = "letter_of_credit"
    MORTGAGE = "mortgage"
    PLEDGE = "pledge"
    OTHER = "other"
