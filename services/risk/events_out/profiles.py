"""Credit profiles of accounts and partners. Key: the account's stream key, or the partner's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id

CreditGrade = Literal["AAA", "AA", "A", "BBB", "BB", "B", "CCC", "D", "NR"]
HoldReason = Literal["overdue", "grade", "grade_drop", "manual"]


class CreditProfileSnapshot(Part):
    """A profile: `credit_limit` None binds nothing, `deposit_share` in millionths, all standing `hold_reasons`."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"

    id: UUID
    subject_kind: Literal["account", "partner"]
    account_id: UUID | None
    partner_id: UUID | None
    stream_key: UUID
    owner_id: UUID | None
    grade: CreditGrade
    score: int | None
    terms_days: int
    deposit_share: int
    credit_limit: int | None
    currency: str
    hold_reasons: list[HoldReason]
    version: int
    changed: list[str]
    business_date: date


PROFILE: dict[str, Any] = {
    "id": sample_id("91"),
    "subject_kind": "account",
    "account_id": sample_id("1"),
    "partner_id": None,
    "stream_key": sample_id("1"),
    "owner_id": sample_id("a1"),
    "grade": "BBB",
    "score": 64,
    "terms_days": 30,
    "deposit_share": 0,
    "credit_limit": 12400000,
    "currency": "USD",
    "hold_reasons": [],
    "version": 2,
    "changed": ["grade"],
    "business_date": "2026-02-14",
}


class CreditGradeChanged(Published, CreditProfileSnapshot):
    """A profile has another grade, or other terms with the grade that it had (`previous_grade`, and `changed`). Of a
    grade that people set, or lifted, there is no `scorecard_version`."""

    previous_grade: CreditGrade
    scorecard_version: int | None

    TYPE: ClassVar[str] = "risk.credit.grade_changed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**PROFILE, "previous_grade": "NR", "scorecard_version": 1}


class CreditLimitChanged(Published, CreditProfileSnapshot):
    """A profile has another limit, until `until` where it is a raise."""

    previous_limit: int | None
    until: date | None
    reason: ReasonCode | None

    TYPE: ClassVar[str] = "risk.credit.limit_changed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **PROFILE,
        "changed": ["credit_limit"],
        "previous_limit": 5000000,
        "until": None,
        "reason": "recommended",
    }


PUBLISHED: tuple[type[Published], ...] = (CreditGradeChanged, CreditLimitChanged)
AGREED: tuple[type[Published], ...] = ()
