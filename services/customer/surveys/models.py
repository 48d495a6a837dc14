"""Surveys, invitations and answers as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, identifier, moment, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from services.customer.db import Base
from services.customer.surveys.enums import SurveyKind, SurveyQuestionKind
from services.customer.surveys.rules import DAYS_VALID, SCALES, Asked


class Option(FrozenRow):
    """Something to choose; its value is what is kept, wherever it stands among the others."""

    value: int
    label: str


class Question(FrozenRow):
    """A question beside the score; `key` is unique in its survey."""

    key: str
    kind: SurveyQuestionKind
    label: str
    is_required: bool = False
    least: int | None = None
    most: int | None = None
    options: tuple[Option, ...] = ()

    @property
    def asked(self) -> Asked:
        """What the rules work on."""
        values = frozenset(one.value for one in self.options)
        return Asked(self.key, self.kind, self.is_required, self.least, self.most, values)


class Survey(OwnedRow):
    """What is asked. `purpose` is what a contact must allow, by one of `channels`, the first one first. Without an
    owner it is the company's."""

    __tablename__ = "survey"
    __text_keys__: ClassVar = TextKeys(name="name")

    name: Annotated[str, text(nullable=False)]
    kind: Annotated[SurveyKind, text(nullable=False)]
    purpose: Annotated[str, text(nullable=False)]
    channels: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    questions: Annotated[tuple[Question, ...], DECODED, document(nullable=False)] = ()
    valid_days: Annotated[int, Field(nullable=False)] = DAYS_VALID
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    closed_at: Annotated[datetime | None, moment(nullable=True)] = None


class SurveyTable(Survey, TextKeyed, Base, table=True):
    """Surveys."""

    __table_args__ = (
        one_of("kind", SurveyKind),
        sa.CheckConstraint("valid_days BETWEEN 1 AND 365", name="valid_days"),
        *key_indexes("survey", Survey.__text_keys__),
        sa.Index("ix_survey_created_at_id", "created_at", "id"),
    )


class _About(FrozenRow):
    """What somebody is asked about."""

    order_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="orders.id")] = None
    product_line: Annotated[str | None, text(nullable=True)] = None
    promotion_id: Annotated[UUID | None, identifier(nullable=True)] = None


class Invitation(_About):
    """A contact was asked. The token that opens the form is not kept, but its SHA-256: who reads the table opens no
    form. `account_id` is what the contact is filed under."""

    __tablename__ = "survey_invitation"

    id: Annotated[UUID, identifier(primary_key=True)]
    survey_id: Annotated[UUID, identifier(nullable=False, foreign_key="survey.id")]
    contact_id: Annotated[UUID, identifier(nullable=False, foreign_key="contact.id")]
    account_id: Annotated[UUID, identifier(nullable=False, foreign_key="account.id")]
    channel: Annotated[str, text(nullable=False)]
    token_sha256: Annotated[bytes, Field(sa_type=sa.LargeBinary, nullable=False)]
    invited_at: Annotated[datetime, moment(nullable=False)]
    invited_by: Annotated[str, text(nullable=False)]
    expires_at: Annotated[datetime, moment(nullable=False)]
    answered_at: Annotated[datetime | None, moment(nullable=True)] = None


class InvitationTable(Invitation, Base, table=True):
    """Invitations."""

    __table_args__ = (
        sa.UniqueConstraint("token_sha256"),
        sa.CheckConstraint("octet_length(token_sha256) = 32", name="token"),
        sa.CheckConstraint("expires_at > invited_at", name="expires"),
        sa.Index("ix_survey_invitation_survey_id_invited_at_id", "survey_id", "invited_at", "id"),
        sa.Index("ix_survey_invitation_contact_id_invited_at_id", "contact_id", "invited_at", "id"),
    )


_ON_SCALE = " OR ".join(f"(kind = '{kind}' AND score BETWEEN {low} AND {high})" for kind, (low, high) in SCALES.items())


class Answer(_About):
    """What a contact answered, once, on a business day; never changed. `twelfths` is what the score counts for
    satisfaction, `choices` and `texts` are answers by the key of their question, `owner_id` is who had the account
    then, `case_id` the case that a detractor opened."""

    __tablename__ = "survey_answer"

    id: Annotated[UUID, identifier(primary_key=True)]
    survey_id: Annotated[UUID, identifier(nullable=False, foreign_key="survey.id")]
    invitation_id: Annotated[UUID, identifier(nullable=False, unique=True, foreign_key="survey_invitation.id")]
    contact_id: Annotated[UUID, identifier(nullable=False, foreign_key="contact.id")]
    account_id: Annotated[UUID, identifier(nullable=False, foreign_key="account.id")]
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    kind: Annotated[SurveyKind, text(nullable=False)]
    score: Annotated[int | None, Field(nullable=True)] = None
    twelfths: Annotated[int | None, Field(nullable=True)] = None
    choices: Annotated[dict[str, int], DECODED, document(nullable=False)]
    texts: Annotated[dict[str, str], DECODED, document(nullable=False)]
    comment: Annotated[str | None, text(nullable=True)] = None
    case_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="service_case.id")] = None
    business_date: Annotated[date, Field(nullable=False)]
    answered_at: Annotated[datetime, moment(nullable=False)]


class AnswerTable(Answer, Base, table=True):
    """Answers."""

    __table_args__ = (
        one_of("kind", SurveyKind),
        sa.CheckConstraint(f"(kind = 'custom') = (score IS NULL) AND (score IS NULL OR {_ON_SCALE})", name="score"),
        sa.CheckConstraint("(score IS NULL) = (twelfths IS NULL) AND twelfths BETWEEN 0 AND 1200", name="twelfths"),
        sa.Index("ix_survey_answer_account_id_answered_at_id", "account_id", "answered_at", "id"),
        sa.Index("ix_survey_answer_account_id_business_date", "account_id", "business_date"),
        sa.Index("ix_survey_answer_survey_id_business_date_id", "survey_id", "business_date", "id"),
        sa.Index("ix_survey_answer_survey_id_answered_at_id", "survey_id", "answered_at", "id"),
    )


class InvitedContact(FrozenRow):
    """When a contact was invited last, to whichever survey."""

    __tablename__ = "survey_contact"

    contact_id: Annotated[UUID, identifier(primary_key=True, foreign_key="contact.id")]
    last_invited_at: Annotated[datetime, moment(nullable=False)]


class InvitedContactTable(InvitedContact, Base, table=True):
    """Contacts that were invited."""
