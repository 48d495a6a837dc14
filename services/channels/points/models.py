"""Points as rows and as tables. Lots, lines and entries are written by `ledger.apply` alone, a fold of our facts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, one_of, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from kit.money import SHARE_WHOLE
from services.channels.db import Base
from services.channels.points.enums import AdjustmentState, PointsKind


class FactorDocument(FrozenRow):
    """How many times products count, in millionths."""

    skus: tuple[str, ...]
    product_lines: tuple[str, ...]
    factor: int


class PointsProgramme(OwnedRow):
    """What members earn: `points` for each `per_base` of the base currency, which last `validity_months` and are usable
    after `lock_days`. Its rate never changes; it may end earlier, or later, while it has not ended.

    `worth` is what 100 points take off an order, in minor units by currency (none: they cannot be redeemed), up to
    `max_share` of it; what was quoted keeps its worth.
    """

    __tablename__ = "points_programme"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code",), codes=("code",))

    code: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    points: Annotated[int, Field(nullable=False)]
    per_base: Annotated[int, big_int(nullable=False)]
    factors: Annotated[Annotated[tuple[FactorDocument, ...], DECODED], document(nullable=False)]
    validity_months: Annotated[int, Field(nullable=False)]
    lock_days: Annotated[int, Field(nullable=False)]
    valid_from: Annotated[date, Field(nullable=False)]
    valid_to: Annotated[date | None, Field(nullable=True)]
    worth: Annotated[
        Annotated[dict[str, int], DECODED], document(nullable=False, sa_column_kwargs={"server_default": "{}"})
    ]
    max_share: Annotated[int, Field(sa_column_kwargs={"server_default": "1000000"}, nullable=False)] = SHARE_WHOLE


class PointsProgrammeTable(PointsProgramme, TextKeyed, CodeKeyed, Base, table=True):
    """Programmes."""

    __table_args__ = (
        sa.CheckConstraint("points > 0 AND per_base > 0", name="rate"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="validity"),
        sa.CheckConstraint("max_share BETWEEN 0 AND 1000000", name="max_share"),
        *key_indexes("points_programme", PointsProgramme.__text_keys__),
        *code_indexes("points_programme", "code"),
    )


class PointsAccount(OwnedRow):
    """An account that is a member of a programme. `version` counts its facts; `due_at`: the first of its lots expires
    then."""

    __tablename__ = "points_account"

    programme_id: Annotated[UUID, identifier(nullable=False)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    joined_at: Annotated[datetime, moment(nullable=False)]
    joined_by: Annotated[str, text(nullable=False)]
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class PointsAccountTable(PointsAccount, Base, table=True):
    """Members."""

    __table_args__ = (
        sa.UniqueConstraint("account_id", "programme_id"),
        sa.Index("ix_points_account_joined_at_id", "joined_at", "id"),
        sa.Index("ix_points_account_due_at", "due_at", postgresql_where="due_at IS NOT NULL"),
    )


class PointsAdjustment(OwnedRow):
    """Points that somebody wants to give (negative: to take), decided by somebody else; `reason` is free text."""

    __tablename__ = "points_adjustment"

    points_account_id: Annotated[UUID, identifier(nullable=False)]
    points: Annotated[int, big_int(nullable=False)]
    reason: Annotated[str, text(nullable=False)]
    state: Annotated[AdjustmentState, text(nullable=False)]
    asked_by: Annotated[str, text(nullable=False)]
    decided_by: Annotated[str | None, text(nullable=True)] = None


class PointsAdjustmentTable(PointsAdjustment, Base, table=True):
    """Adjustments."""

    __table_args__ = (
        one_of("state", AdjustmentState),
        sa.CheckConstraint("points <> 0", name="points"),
        sa.CheckConstraint("(state = 'pending') = (decided_by IS NULL)", name="decided_by"),
        sa.Index("ix_points_adjustment_created_at_id", "created_at", "id"),
        sa.Index("ix_points_adjustment_points_account_id", "points_account_id"),
    )


class PointsLot(FrozenRow):
    """What remains of points of one origin (an order, an adjustment)."""

    __tablename__ = "points_lot"

    id: Annotated[UUID, identifier(primary_key=True)]
    points_account_id: Annotated[UUID, identifier(nullable=False)]
    earned_on: Annotated[date, Field(nullable=False)]
    usable_from: Annotated[date, Field(nullable=False)]
    expires_on: Annotated[date, Field(nullable=False)]
    remaining: Annotated[int, big_int(nullable=False)]


class PointsLotTable(PointsLot, Base, table=True):
    """Lots."""

    __table_args__ = (
        sa.Index("ix_points_lot_remaining", "points_account_id", "expires_on", postgresql_where="remaining > 0"),
    )


class PointsLine(FrozenRow):
    """What a line of an order earned, by which inputs, and what of it was taken back."""

    __tablename__ = "points_line"

    order_id: Annotated[UUID, identifier(primary_key=True)]
    points_account_id: Annotated[UUID, identifier(primary_key=True)]
    line_no: Annotated[int, Field(primary_key=True)]
    sku: Annotated[str, text(nullable=False)]
    quantity: Annotated[int, big_int(nullable=False)]
    net_base: Annotated[int, big_int(nullable=False)]
    factor: Annotated[int, big_int(nullable=False)]
    points: Annotated[int, big_int(nullable=False)]
    taken: Annotated[int, big_int(nullable=False)]


class PointsLineTable(PointsLine, Base, table=True):
    """Lines."""

    __table_args__ = (sa.CheckConstraint("points >= 0", name="points"),)


class PointsUse(FrozenRow):
    """What of the points that a placement redeems is a line's, and what of it was given back.

    Points of a member that is one with the placement's by a merge are a redemption of their own beside its (`main_id`).
    """

    __tablename__ = "points_use"

    redemption_id: Annotated[UUID, identifier(primary_key=True)]
    line_no: Annotated[int, Field(primary_key=True)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    points_account_id: Annotated[UUID, identifier(nullable=False)]
    quantity: Annotated[int, big_int(nullable=False)]
    points: Annotated[int, big_int(nullable=False)]
    returned: Annotated[int, big_int(nullable=False)]
    main_id: Annotated[UUID | None, identifier(nullable=True)] = None


class PointsUseTable(PointsUse, Base, table=True):
    """Points of orders by line."""

    __table_args__ = (
        sa.CheckConstraint("points >= 0", name="points"),
        sa.Index("ix_points_use_main_id", "main_id", postgresql_where="main_id IS NOT NULL"),
    )


class PointsUseLot(FrozenRow):
    """From which lot points of a placement came, in the order (`ordinal`) in which they were taken."""

    __tablename__ = "points_use_lot"

    redemption_id: Annotated[UUID, identifier(primary_key=True)]
    ordinal: Annotated[int, Field(primary_key=True)]
    lot_id: Annotated[UUID, identifier(nullable=False)]
    points: Annotated[int, big_int(nullable=False)]
    earned_on: Annotated[date, Field(nullable=False)]
    usable_from: Annotated[date, Field(nullable=False)]
    expires_on: Annotated[date, Field(nullable=False)]


class PointsUseLotTable(PointsUseLot, Base, table=True):
    """Lots of what orders redeem."""

    __table_args__ = (sa.CheckConstraint("points > 0", name="points"),)


class PointsEntry(FrozenRow):
    """A movement of points of a member: signed, with what is available then."""

    __tablename__ = "points_entry"

    id: Annotated[UUID, identifier(primary_key=True)]
    points_account_id: Annotated[UUID, identifier(nullable=False)]
    kind: Annotated[PointsKind, text(nullable=False)]
    points: Annotated[int, big_int(nullable=False)]
    balance_after: Annotated[int, big_int(nullable=False)]
    order_id: Annotated[UUID | None, identifier(nullable=True)]
    business_date: Annotated[date, Field(nullable=False)]
    recorded_at: Annotated[datetime, moment(nullable=False)]


class PointsEntryTable(PointsEntry, Base, table=True):
    """Entries."""

    __table_args__ = (
        one_of("kind", PointsKind),
        sa.Index("ix_points_entry_points_account_id_recorded_at_id", "points_account_id", "recorded_at", "id"),
        sa.Index("ix_points_entry_recorded_at_id", "recorded_at", "id"),
    )
