"""Bodies and answers of surveys."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from kit.web.lists import page_of
from kit.web.schema import ABSENT, BusinessDate, Code, Label, Schema
from services.customer.contacts.schemas import ReachWord
from services.customer.surveys.enums import SurveyKind, SurveyQuestionKind, SurveyRefusal
from services.customer.surveys.rules import DAYS_VALID, MOST_INVITED

QuestionKey = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$"), Field(description="of our own")
]
Value = Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)]

_EXAMPLE: dict[str, Any] = {
    "name": "Recommendation 2026",
    "kind": "nps",
    "channels": ["email"],
    "questions": [
        {"key": "reason", "kind": "text", "label": "What is the main reason for your score?"},
        {
            "key": "speed",
            "kind": "choice",
            "label": "How fast were we?",
            "options": [{"value": 1, "label": "slow"}, {"value": 2, "label": "fast"}],
        },
    ],
}


class SurveyOptionBody(Schema):
    """Something to choose; `value` is what is kept."""

    value: Value
    label: Label


class SurveyQuestionBody(Schema):
    """A question beside the score: a number from `least` to `most`, one of `options`, or a text."""

    key: QuestionKey
    kind: SurveyQuestionKind
    label: Label
    is_required: bool = False
    least: Value | None = None
    most: Value | None = None
    options: Annotated[list[SurveyOptionBody], Field(max_length=50)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        is_scale, is_choice = self.kind is SurveyQuestionKind.SCALE, self.kind is SurveyQuestionKind.CHOICE
        if is_scale != (self.least is not None) or is_scale != (self.most is not None):
            raise ValueError("a scale has least and most, nothing else has")
        if self.least is not None and self.most is not None and self.least >= self.most:
            raise ValueError("least lies below most")
        if is_choice != bool(self.options):
            raise ValueError("a choice has options, nothing else has")
        if len({one.value for one in self.options}) != len(self.options):
            raise ValueError("each value once")
        return self


def _distinct_keys(questions: list[SurveyQuestionBody]) -> list[SurveyQuestionBody]:
    if len({one.key for one in questions}) != len(questions):
        raise ValueError("each key once")
    return questions


def _distinct(words: list[str]) -> list[str]:
    if len(set(words)) != len(words):
        raise ValueError("each channel once")
    return words


Questions = Annotated[list[SurveyQuestionBody], Field(max_length=50), AfterValidator(_distinct_keys)]
Channels = Annotated[
    list[ReachWord],
    Field(min_length=1, max_length=10, description="the first one first, unless the contact prefers another"),
    AfterValidator(_distinct),
]
ValidDays = Annotated[int, Field(strict=True, ge=1, le=365)]
SurveyPurpose = Annotated[ReachWord, Field(description="what a contact must allow, by the channel it is invited by")]


class SurveyCreate(Schema):
    """A survey: of `owner_id`, of the seller who adds it, or else the company's. One that is not custom asks for its
    score first: nps 0 to 10, csat 1 to 5, ces 1 to 7; a custom one has questions alone."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    name: Label
    kind: SurveyKind
    purpose: SurveyPurpose = "survey"
    channels: Channels = Field(default_factory=lambda: ["email"])
    questions: Questions = Field(default_factory=list)
    valid_days: ValidDays = DAYS_VALID
    owner_id: UUID | None = None


class SurveyUpdate(Schema):
    """Fields to change; questions until the first invitation, the kind never."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Recommendation, spring 2026"}})

    name: Label = ABSENT
    purpose: SurveyPurpose = ABSENT
    channels: Channels = ABSENT
    questions: Questions = ABSENT
    valid_days: ValidDays = ABSENT


class SurveyRead(Schema):
    """A survey; without `owner_id` it is the company's, from `closed_at` on nobody is invited any more."""

    id: UUID
    version: int
    name: str
    kind: SurveyKind
    purpose: str
    channels: list[str]
    questions: list[SurveyQuestionBody]
    valid_days: int
    owner_id: UUID | None
    closed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class SurveyInvitedBody(Schema):
    """Whom to ask, and about what: an order of the contact's account, a line of products, a promotion."""

    contact_id: UUID
    order_id: UUID | None = None
    product_line: Code | None = None
    promotion_id: UUID | None = None


def _distinct_contacts(contacts: list[SurveyInvitedBody]) -> list[SurveyInvitedBody]:
    if len({one.contact_id for one in contacts}) != len(contacts):
        raise ValueError("each contact once")
    return contacts


class SurveyInvite(Schema):
    """Contacts to be invited."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"contacts": [{"contact_id": "01989f2e-0000-7000-8000-000000000006"}]}}
    )

    contacts: Annotated[
        list[SurveyInvitedBody], Field(min_length=1, max_length=MOST_INVITED), AfterValidator(_distinct_contacts)
    ]


class SurveyInvitedRead(Schema):
    """What became of a contact: invited by `channel`, with the `token` of its form, which is told here and never again;
    or `refused`."""

    contact_id: UUID
    refused: SurveyRefusal | None = None
    invitation_id: UUID | None = None
    channel: str | None = None
    token: str | None = None
    expires_at: datetime | None = None


class SurveyInvited(Schema):
    """What became of each contact, in the order of the request."""

    invited: int
    refused: int
    items: list[SurveyInvitedRead]


class SurveyInvitationRead(Schema):
    """An invitation."""

    id: UUID
    survey_id: UUID
    contact_id: UUID
    account_id: UUID
    filed_account_id: UUID
    channel: str
    order_id: UUID | None
    product_line: str | None
    promotion_id: UUID | None
    invited_at: datetime
    invited_by: str
    expires_at: datetime
    answered_at: datetime | None


class SurveyAnswerRead(Schema):
    """An answer; `choices` and `texts` are by the key of their question, `owner_id` had the account then."""

    id: UUID
    survey_id: UUID
    invitation_id: UUID
    contact_id: UUID
    account_id: UUID
    filed_account_id: UUID
    owner_id: UUID | None
    kind: SurveyKind
    score: int | None
    choices: dict[str, int]
    texts: dict[str, str]
    comment: str | None
    order_id: UUID | None
    product_line: str | None
    promotion_id: UUID | None
    case_id: UUID | None
    business_date: date
    answered_at: datetime


class SurveyResultsQuery(Schema):
    """Answers of which business days, both included; all, or the `latest` of each contact."""

    first: BusinessDate | None = Field(default=None, alias="from", description="first business day")
    last: BusinessDate | None = Field(default=None, alias="to", description="last business day")
    latest: bool = Field(default=False, description="of each contact the last answer alone")


class SurveyLackRead(Schema):
    """Too little for a figure."""

    reason: str
    have: int
    need: int


class NpsRead(Schema):
    """Net promoter score, promoters (9, 10) less detractors (0 to 6) in percent, with its margin of error and an
    interval of 95 % (adjusted Wald)."""

    score: float
    margin_of_error: float
    low: float
    high: float


class CsatRead(Schema):
    """The share of scores of 4 and 5, in millionths, with its Wilson interval of 95 %."""

    share: int
    low: int
    high: int


class CesRead(Schema):
    """The mean of efforts, with an interval of at least 95 %."""

    mean: float
    low: float
    high: float


class SurveyScoreRead(Schema):
    """How many gave a score."""

    score: int
    answers: int


class SurveyResultsRead(Schema):
    """What the answers of a survey come to, of contacts that are the caller's to see. The figure is that of its kind,
    null of too few answers; a custom survey has none."""

    survey_id: UUID
    kind: SurveyKind
    as_of: date
    formula_version: int
    sample_size: int
    insufficient_data: SurveyLackRead | None
    nps: NpsRead | None
    csat: CsatRead | None
    ces: CesRead | None
    scores: list[SurveyScoreRead]


SurveyPage = page_of(SurveyRead)
SurveyInvitationPage = page_of(SurveyInvitationRead)
SurveyAnswerPage = page_of(SurveyAnswerRead)
