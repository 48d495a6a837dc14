"""Rebate programmes as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, identifier, identifiers, moment, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from services.channels.db import Base
from services.channels.programmes.enums import ProgrammeState
from services.channels.programmes.rules import GrowthBasis, Period, PlanKind


class TierStep(FrozenRow):
    """The rate (millionths) of volume from `start` (minor units) on; of a lump plan its `amount`, of growth and mix
    from a share (millionths) on."""

    start: int
    rate: int = 0
    amount: int | None = None


class BaselineStep(FrozenRow):
    """The volume of a period (minor units) over which the growth of a partner counts, as somebody entered it."""

    partner_id: UUID
    amount: int


TierSteps = Annotated[tuple[TierStep, ...], DECODED]


class RebateProgramme(OwnedRow):
    """A tier plan and what it is for; empty lists mean every product line, every partner.

    A growth plan has its basis, and baselines where they are not the year before; a mix plan has its focus lines.
    With `catch_up` orders count that were confirmed before it was published. A later version (`revision`) of a
    programme has other tiers from its own day on; `lineage_id` and `lineage_version` are those of the first row.
    """

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
    basis: Annotated[GrowthBasis | None, text(nullable=True)] = None
    baselines: Annotated[Annotated[tuple[BaselineStep, ...] | None, DECODED], document(nullable=True)] = None
    focus_lines: Annotated[tuple[str, ...] | None, Field(sa_type=sa.ARRAY(sa.Text), nullable=True)] = None
    catch_up: Annotated[bool, Field(nullable=False, sa_column_kwargs={"server_default": sa.false()})] = False
    revision: Annotated[int, Field(nullable=False, sa_column_kwargs={"server_default": "1"})] = 1
    lineage_id: Annotated[UUID | None, identifier(nullable=True)] = None
    lineage_version: Annotated[int | None, Field(nullable=True)] = None

    @property
    def root(self) -> tuple[UUID, int]:
        """Id and row version of the first version: accounts are kept under them."""
        return self.lineage_id or self.id, self.lineage_version or self.version


class RebateProgrammeTable(RebateProgramme, TextKeyed, Base, table=True):
    """Rebate programmes."""

    __table_args__ = (
        one_of("state", ProgrammeState),
        one_of("kind", PlanKind),
        one_of("period", Period),
        one_of("basis", GrowthBasis),
        sa.CheckConstraint("(kind = 'growth') = (basis IS NOT NULL)", name="growth"),
        sa.CheckConstraint("(kind = 'mix') = (focus_lines IS NOT NULL)", name="mix"),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
        sa.CheckConstraint("(state = 'published') = (published_at IS NOT NULL)", name="published_at"),
        sa.CheckConstraint(
            "(revision = 1) = (lineage_id IS NULL) AND (revision = 1) = (lineage_version IS NULL)", name="lineage"
        ),
        sa.Index(
            "uq_rebate_programme_lineage_id_revision",
            "lineage_id",
            "revision",
            unique=True,
            postgresql_where=sa.text("lineage_id IS NOT NULL"),
        ),
        *key_indexes("rebate_programme", RebateProgramme.__text_keys__),
        sa.Index("ix_rebate_programme_state_valid_from", "state", "valid_from"),
    )
