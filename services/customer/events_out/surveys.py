"""Answers to surveys."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Published, ReasonCode, sample_id


class SurveyAnswered(Published):
    """A survey was answered: `score` 0 to 10 (nps), 1 to 5 (csat), 1 to 7 (ces), None where a custom one has none.

    `owner_id` is whom the answer is credited to; `level` is this score's class: from 80 of 100 high, from 60 mid.
    """

    id: UUID
    survey_id: UUID
    account_id: UUID
    stream_key: UUID
    contact_id: UUID | None
    owner_id: UUID | None
    kind: Literal["nps", "csat", "ces", "custom"]
    score: int | None
    level: Literal["high", "mid", "low"] | None
    order_id: UUID | None
    product_line: ReasonCode | None
    promotion_id: UUID | None
    business_date: date

    TYPE: ClassVar[str] = "customer.survey.answered.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": sample_id("11"),
        "survey_id": sample_id("12"),
        "account_id": sample_id("1"),
        "stream_key": sample_id("1"),
        "contact_id": sample_id("6"),
        "owner_id": sample_id("a1"),
        "kind": "nps",
        "score": 9,
        "level": "high",
        "order_id": sample_id("2"),
        "product_line": "rock",
        "promotion_id": sample_id("b5"),
        "business_date": "2026-02-14",
    }


PUBLISHED: tuple[type[Published], ...] = (SurveyAnswered,)
AGREED: tuple[type[Published], ...] = ()
