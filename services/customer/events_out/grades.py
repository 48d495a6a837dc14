"""Judgements of an account: grade and satisfaction."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, sample_id

Grade = Literal["A", "B", "C", "D"]
SatisfactionLevel = Literal["high", "mid", "low"]


class JudgementFact(Part):
    """Common part: whom it is about, as of which day, by which version of the rules."""

    SUBJECT: ClassVar[str] = "account_id"
    KEY: ClassVar[str] = "stream_key"

    account_id: UUID
    stream_key: UUID
    owner_id: UUID | None
    as_of: date
    policy_version: int
    business_date: date


_FACT: dict[str, Any] = {
    "account_id": sample_id("1"),
    "stream_key": sample_id("1"),
    "owner_id": sample_id("a1"),
    "as_of": "2026-02-14",
    "policy_version": 1,
    "business_date": "2026-02-14",
}


class GradeChanged(Published, JudgementFact):
    """An account has another grade; None is no grade. `tenure_class` is long from three years after the first order."""

    old: Grade | None
    new: Grade | None
    revenue_grade: Grade | None
    profit_grade: Grade | None
    tenure_class: Literal["long", "short"] | None

    TYPE: ClassVar[str] = "customer.grade.changed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "old": "B",
        "new": "A",
        "revenue_grade": "A",
        "profit_grade": "B",
        "tenure_class": "long",
    }


class SatisfactionChanged(Published, JudgementFact):
    """The answers of the last 365 days put an account into another class (None: there are none); `score` is the whole
    percent that their mean reaches, 0 to 100, `policy_version` that of the formula."""

    old: SatisfactionLevel | None
    new: SatisfactionLevel | None
    score: int | None

    TYPE: ClassVar[str] = "customer.satisfaction.changed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_FACT, "old": "mid", "new": "high", "score": 84}


PUBLISHED: tuple[type[Published], ...] = (GradeChanged, SatisfactionChanged)
AGREED: tuple[type[Published], ...] = ()
