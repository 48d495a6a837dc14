"""Rebate programmes as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, identifiers, moment, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from services.channels.db import Base
from services.channels.programmes.enums import ProgrammeState
from services.channels.programmes.rules import Period, PlanKind


class TierStep(FrozenRow):
    """The rate (millionths) of volume from `start` (minor units) on."""

    start: int
    rate: int


TierSteps = Annotated[tuple[TierStep, ...], DECODED]


class RebateProgramme(OwnedRow):
    """A tier plan and what it is for; empty lists mean every product line, every partner."""

    __tablename__ = "rebate_programme"
    __text_keys__: ClassVar = TextKeys(name="name")

    name: Annotated[str, text(nullable=False)]
    kind: Annotated[PlanKind, text(nullable=False)]
    tiers: Annotated[TierSteps, document(nullable=False)]
    period: Annotated[Period, text(nullable=False)]
    valid_from: Annotated[date, Field(nullable=False)]
    valid_to: Annotated[date, Field(nullable=False)]
    product_lines: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    partner_ids: Annotated[tuple[UUID, ...], identifiers(nullable=False)]
    state: Annotated[ProgrammeState, text(nullable=False)]
    published_at: Annotated[datetime | None, moment(nullable=True)] = None


class RebateProgrammeTable(RebateProgramme, TextKeyed, Base, table=True):
    """Rebate programmes."""

    __table_args__ = (
        one_of("state", ProgrammeState),
        one_of("kind", PlanKind),
        one_of("period", Period),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
        sa.CheckConstraint("(state = 'published') = (published_at IS NOT NULL)", name="published_at"),
        *key_indexes("rebate_programme", RebateProgramme.__text_keys__),
        sa.Index("ix_rebate_programme_state_valid_from", "state", "valid_from"),
    )
