"""Territories as rows and as a table, and what is asked of them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, identifier, identifiers, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.targets.db import Base

Codes = Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]


class Territory(OwnedRow):
    """What a member or a unit answers for from `valid_from` to `valid_to`, both included (null: open). `industries` are
    as they were given, `branches` with the divisions of sections."""

    __tablename__ = "territory"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code",), codes=("code",))

    code: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    member_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="member.id", index=True)] = None
    unit_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="unit.id", index=True)] = None
    regions: Codes
    industries: Codes
    branches: Codes
    account_ids: Annotated[tuple[UUID, ...], identifiers(nullable=False)]
    valid_from: Annotated[date, Field(nullable=False)]
    valid_to: date | None = None


class TerritoryTable(Territory, TextKeyed, CodeKeyed, Base, table=True):
    """Territories."""

    __table_args__ = (
        *key_indexes("territory", Territory.__text_keys__),
        *code_indexes("territory", "code"),
        sa.CheckConstraint("num_nonnulls(member_id, unit_id) = 1", name="one_holder"),
        sa.CheckConstraint("valid_to >= valid_from", name="period"),
        sa.CheckConstraint(
            "cardinality(regions) + cardinality(industries) + cardinality(account_ids) > 0", name="some"
        ),
        sa.Index("ix_territory_account_ids", "account_ids", postgresql_using="gin"),
    )


class Claim(FrozenRow):
    """A territory that holds an account; `level` is the place of its reason, 1 the strongest."""

    id: UUID
    code: str
    name: str
    member_id: UUID | None
    unit_id: UUID | None
    is_vacant: bool
    valid_from: date
    valid_to: date | None
    level: int


class Overlap(FrozenRow):
    """Two territories that hold something for the same reason, the one that wins first."""

    first_id: UUID
    first_code: str
    second_id: UUID
    second_code: str
    level: int
    accounts: int


class Gap(FrozenRow):
    """Accounts that no territory holds, by the code of their region and of their industry."""

    region: str | None
    industry: str | None
    accounts: int


class Vacancy(FrozenRow):
    """A territory of a member who belongs to no unit on the day."""

    id: UUID
    code: str
    member_id: UUID


class Coverage(FrozenRow):
    """What territories hold on a day; the lists are cut, their totals are not."""

    accounts: int
    held: int
    territories: int
    overlaps: Annotated[tuple[Overlap, ...], DECODED]
    overlaps_total: int
    gaps: Annotated[tuple[Gap, ...], DECODED]
    gaps_total: int
    vacant: Annotated[tuple[Vacancy, ...], DECODED]
    vacant_total: int
