"""Versions of criteria as rows and as a table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, one_of, text
from services.channels.db import Base
from services.channels.partner_criteria.enums import PartnerCriteriaState, PartnerCriterionGroup


class PartnerCriterion(FrozenRow):
    """What an applicant is scored by, 0 to 100; below `knock_out` it fails."""

    code: str
    group: PartnerCriterionGroup
    weight: int
    knock_out: int | None = None
    note: str = ""


class GroupMinimum(FrozenRow):
    """The least weighted mean of a group, in points."""

    group: PartnerCriterionGroup
    minimum: int


class PartnerCriteria(OwnedRow):
    """A version of the criteria, its number given when it is published; `pass_mark` in hundredths of a point."""

    __tablename__ = "partner_criteria"

    criteria_version: Annotated[int | None, Field(nullable=True)] = None
    criteria: Annotated[Annotated[tuple[PartnerCriterion, ...], DECODED], document(nullable=False)]
    group_minimums: Annotated[Annotated[tuple[GroupMinimum, ...], DECODED], document(nullable=False)]
    pass_mark: Annotated[int, Field(nullable=False)]
    state: Annotated[PartnerCriteriaState, text(nullable=False)]
    written_by: Annotated[str, text(nullable=False)]
    published_by: Annotated[str | None, text(nullable=True)] = None
    published_on: Annotated[date | None, Field(nullable=True)] = None

    @property
    def minimums(self) -> Mapping[PartnerCriterionGroup, int]:
        """The least weighted mean by group."""
        return {one.group: one.minimum for one in self.group_minimums}


class PartnerCriteriaTable(PartnerCriteria, Base, table=True):
    """Criteria."""

    __table_args__ = (
        one_of("state", PartnerCriteriaState),
        sa.CheckConstraint(
            "num_nulls(criteria_version, published_by, published_on) = CASE state WHEN 'published' THEN 0 ELSE 3 END",
            name="published",
        ),
        sa.UniqueConstraint("criteria_version"),
        sa.Index("ix_partner_criteria_created_at_id", "created_at", "id"),
    )
