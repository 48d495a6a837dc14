"""Risks as rows and as tables. Shares: millionths."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, identifier, moment, one_of, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.risk.db import Base
from services.risk.risks.enums import LinkKind, ReassessCause, RiskClass, RiskSource, RiskState


class Link(FrozenRow):
    """What a risk is about: an id, or the code of a product line or a region."""

    kind: LinkKind
    id: str


class Branch(FrozenRow):
    """A cause or a consequence of a bow-tie, and its share of the whole."""

    code: str
    title: str
    share: int


Links = Annotated[tuple[Link, ...], DECODED]
Branches = Annotated[tuple[Branch, ...], DECODED]


class Risk(OwnedRow):
    """What may happen; `external_id` is its id where it came from.

    `reassess_cause` says why it must be assessed again (None: it need not), `assessments` counts those there are,
    `due_at` is when the day of review has passed.
    """

    __tablename__ = "risk"
    __text_keys__: ClassVar = TextKeys(name="title", also=("code",), codes=("code",))

    code: Annotated[str, text(nullable=False, unique=True)]
    external_id: Annotated[str | None, text(nullable=True, unique=True)] = None
    title: Annotated[str, text(nullable=False)]
    risk_class: Annotated[RiskClass, text(nullable=False)]
    source: Annotated[RiskSource, text(nullable=False)]
    cause: Annotated[str, text(nullable=False)] = ""
    event: Annotated[str, text(nullable=False)] = ""
    consequence: Annotated[str, text(nullable=False)] = ""
    causes: Annotated[Branches, document(nullable=False)] = ()
    consequences: Annotated[Branches, document(nullable=False)] = ()
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    links: Annotated[Links, document(nullable=False)] = ()
    review_on: Annotated[date | None, Field(nullable=True)] = None
    state: Annotated[RiskState, text(nullable=False)]
    reassess_cause: Annotated[ReassessCause | None, text(nullable=True)] = None
    assessments: Annotated[int, Field(nullable=False)] = 0
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class RiskTable(Risk, TextKeyed, CodeKeyed, Base, table=True):
    """Risks."""

    __table_args__ = (
        *key_indexes("risk", Risk.__text_keys__),
        *code_indexes("risk", "code"),
        one_of("risk_class", RiskClass),
        one_of("source", RiskSource),
        one_of("state", RiskState),
        one_of("reassess_cause", ReassessCause),
        sa.Index("ix_risk_created_at_id", "created_at", "id"),
        sa.Index("ix_risk_owner_id_created_at_id", "owner_id", "created_at", "id"),
        sa.Index("ix_risk_due_at", "due_at", postgresql_where="due_at IS NOT NULL"),
    )


class RiskStep(FrozenRow):
    """The state that a risk has from a version on, and since which day."""

    __tablename__ = "risk_step"

    risk_id: Annotated[UUID, identifier(primary_key=True)]
    risk_version: Annotated[int, Field(primary_key=True)]
    state: Annotated[RiskState, text(nullable=False)]
    day: Annotated[date, Field(nullable=False)]


class RiskStepTable(RiskStep, Base, table=True):
    """States of risks, for heat maps of past days."""

    __table_args__ = (
        one_of("state", RiskState),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"]),
    )
