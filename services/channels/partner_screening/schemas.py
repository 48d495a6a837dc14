"""Bodies of screenings, and of what becomes of partners."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import Code, Label, LongText, Schema, Text
from services.channels.partner_criteria.schemas import Points
from services.channels.partner_screening.enums import PartnerScreeningState


class PartnerScoreBody(Schema):
    """What an applicant has of a criterion, and what shows it."""

    criterion: Code
    score: Points
    evidence: Text = ""


class PartnerScoresSet(Schema):
    """All scores that there are so far; a criterion that is left out has none, which is not 0."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "scores": [
                    {"criterion": "payment_history", "score": 80, "evidence": "Report of 2026-01"},
                    {"criterion": "coverage", "score": 60},
                    {"criterion": "commitment", "score": 90},
                ]
            }
        }
    )

    scores: Annotated[list[PartnerScoreBody], Field(max_length=100)]


class PartnerApprove(Schema):
    """A note of the decision, where there is something to note."""

    model_config = ConfigDict(json_schema_extra={"example": {"note": "Strong in the region"}})

    note: LongText = ""


class PartnerReject(Schema):
    """Why a partner is not taken."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Sells for a competitor"}})

    reason: Label


class PartnerTerminate(Schema):
    """Why a partner sells no more, as a word of the company's list."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "contract_ended"}})

    reason: Code
    note: LongText = ""


class PartnerScreeningRead(Schema):
    """How a partner was weighed by a version of the criteria.

    `score` is sum(weight x score) in hundredths of a point, null while a criterion is without one; `failures` are
    `knock-out:<criterion>`, `group:<group>` and `pass-mark`.
    """

    id: UUID
    partner_id: UUID
    criteria_version: int
    state: PartnerScreeningState
    scores: list[PartnerScoreBody]
    score: int | None
    is_passed: bool | None
    failures: list[str]
    opened_by: str
    scored_by: list[str]
    decided_by: str | None
    decided_on: date | None
    decision_note: str
    version: int
    created_at: datetime
    updated_at: datetime
