"""Agreements and the cells that they hold, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from kit.db.columns import (
    DECODED,
    FrozenRow,
    OwnedRow,
    big_int,
    document,
    identifier,
    identifiers,
    moment,
    one_of,
    text,
    with_code_ranges,
)
from kit.db.text_keys import TextKeys
from services.channels.agreements.enums import (
    AgreementClauseSide,
    AgreementExclusivity,
    AgreementMode,
    AgreementState,
)
from services.channels.db import Base

Texts = Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]


class LineDiscount(FrozenRow):
    """What a partner gets off a product line (millionths)."""

    product_line: str
    discount: int


class Clause(FrozenRow):
    """What one side, or both, are bound to."""

    side: AgreementClauseSide
    code: str
    text: str


class Agreement(OwnedRow):
    """A version of an agreement; signed it never changes but in how it ends.

    `ends_on` is its last day (None: open): `valid_to`, the day before the next version, or `terminated_on`.
    `successor_id` is the signed version after it. `next_warning` are the days before its end on which is warned next.
    """

    __tablename__ = "agreement"
    __text_keys__: ClassVar = TextKeys(numbers=("number",))

    number: Annotated[str, text(nullable=False)]
    agreement_version: Annotated[int, Field(nullable=False)]
    partner_id: Annotated[UUID, identifier(nullable=False)]
    state: Annotated[AgreementState, text(nullable=False)]
    territory: Texts
    product_lines: Texts
    mode: Annotated[AgreementMode, text(nullable=False)]
    exclusivity: Annotated[AgreementExclusivity, text(nullable=False)]
    discounts: Annotated[Annotated[tuple[LineDiscount, ...], DECODED], document(nullable=False)]
    max_discount: Annotated[int | None, big_int(nullable=True)]
    minimum_volume_base: Annotated[int | None, big_int(nullable=True)]
    programme_ids: Annotated[tuple[UUID, ...], identifiers(nullable=False)]
    clauses: Annotated[Annotated[tuple[Clause, ...], DECODED], document(nullable=False)]
    notice_days: Annotated[int, Field(nullable=False)]
    valid_from: Annotated[date, Field(nullable=False)]
    valid_to: Annotated[date | None, Field(nullable=True)]
    document_reference: Annotated[str, text(nullable=False)]
    document_sha256: Annotated[str | None, text(nullable=True)]
    written_by: Annotated[str, text(nullable=False)]
    signed_by: Annotated[str | None, text(nullable=True)] = None
    signed_on: Annotated[date | None, Field(nullable=True)] = None
    ends_on: Annotated[date | None, Field(nullable=True)] = None
    terminated_on: Annotated[date | None, Field(nullable=True)] = None
    termination_reason: Annotated[str | None, text(nullable=True)] = None
    successor_id: Annotated[UUID | None, identifier(nullable=True)] = None
    next_warning: Annotated[int | None, Field(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class AgreementTable(Agreement, Base, table=True):
    """Agreements."""

    __table_args__ = (
        one_of("state", AgreementState),
        one_of("mode", AgreementMode),
        one_of("exclusivity", AgreementExclusivity),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
        sa.CheckConstraint("due_at IS NULL OR state = 'signed'", name="due_at"),
        sa.CheckConstraint("(state IN ('draft', 'proposed')) = (signed_on IS NULL)", name="signed_on"),
        sa.UniqueConstraint("number", "agreement_version"),
        sa.Index(
            "uq_agreement_open", "number", unique=True, postgresql_where=sa.text("state IN ('draft', 'proposed')")
        ),
        sa.Index("ix_agreement_valid_from_id", "valid_from", "id"),
        sa.Index("ix_agreement_partner_id_valid_from_id", "partner_id", "valid_from", "id"),
        sa.Index("ix_agreement_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )


class AgreementCell(FrozenRow):
    """A region and a product line (``: every line) of a signed agreement, folded, for its days (`valid_to` None: open).

    Two cells of which one is sole or exclusive share no day, region, line and mode; of two that both are the database
    sees to it.
    """

    __tablename__ = "agreement_cell"

    agreement_id: Annotated[UUID, identifier(primary_key=True)]
    region: Annotated[str, text(primary_key=True)]
    product_line: Annotated[str, text(primary_key=True)]
    number: Annotated[str, text(nullable=False)]
    partner_id: Annotated[UUID, identifier(nullable=False)]
    mode: Annotated[AgreementMode, text(nullable=False)]
    exclusivity: Annotated[AgreementExclusivity, text(nullable=False)]
    valid_from: Annotated[date, Field(nullable=False)]
    valid_to: Annotated[date | None, Field(nullable=True)]


TERRITORY_RANGE = "code_range({0}region, {0}region || '.')"
LINE_RANGE = (
    "CASE WHEN {0}product_line = '' THEN code_range(NULL, NULL) "
    "ELSE code_range({0}product_line, {0}product_line, '[]') END"
)
MODE_RANGE = (
    "CASE {0}mode WHEN 'online' THEN int4range(0, 1) WHEN 'offline' THEN int4range(1, 2) ELSE int4range(0, 2) END"
)
DAYS_RANGE = "daterange({0}valid_from, {0}valid_to, '[]')"
RANGES = (TERRITORY_RANGE, LINE_RANGE, MODE_RANGE, DAYS_RANGE)
"""What two cells have in common where each of these overlaps, with the alias of a cell in front of its columns."""


class AgreementCellTable(AgreementCell, Base, table=True):
    """Cells of agreements."""

    __table_args__ = (
        one_of("mode", AgreementMode),
        one_of("exclusivity", AgreementExclusivity),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
        ExcludeConstraint(
            *((sa.text(f"({each.format('')})"), "&&") for each in RANGES),
            where=sa.text("exclusivity <> 'none'"),
            using="gist",
            name="ex_agreement_cell_guarded",
        ),
        sa.Index("ix_agreement_cell_partner_id", "partner_id"),
        sa.Index("ix_agreement_cell_region", "region"),
    )


with_code_ranges(AgreementCellTable)
