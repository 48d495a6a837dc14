"""Bodies of forms: what anybody with the token of an invitation reads and writes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from kit.web.schema import LongText, Schema
from services.customer.surveys.enums import SurveyFormState, SurveyKind
from services.customer.surveys.schemas import QuestionKey, SurveyQuestionBody, Value

FormToken = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class SurveyScaleRead(Schema):
    """The scores to choose from, both ends included."""

    least: int
    most: int


class SurveyFormRead(Schema):
    """A form: the score first (null: it has none), then the questions; nothing of the person. `state` says whether it
    was answered."""

    name: str
    kind: SurveyKind
    state: SurveyFormState
    score: SurveyScaleRead | None
    questions: list[SurveyQuestionBody]
    expires_at: datetime


class SurveyFormAnswer(Schema):
    """An answer: the score, answers by the key of their question (a number, or a text), a comment."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"score": 9, "answers": {"speed": 2}, "comment": "Friendly people."}}
    )

    score: Value | None = None
    answers: Annotated[dict[QuestionKey, Value | LongText], Field(max_length=50)] = Field(default_factory=dict)
    comment: LongText | None = None


class SurveyFormAnswered(Schema):
    """The answer was taken."""

    state: SurveyFormState
    answered_at: datetime
