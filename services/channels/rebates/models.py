"""Rows and tables of the rebate ledger; all are written by `ledger.apply_accruals` alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, big_int, document, identifier, moment, one_of, text
from kit.money import apportion, ratio
from services.channels.db import Base
from services.channels.programmes.models import TierStep, TierSteps
from services.channels.programmes.rules import GrowthBasis, PlanKind
from services.channels.rebates.enums import LedgerAccount, PostingAccount, PostingKind


class SliceStep(FrozenRow):
    """The part of a move from `start` to `end` (minor units), at `rate` (millionths)."""

    start: int
    end: int
    rate: int


class ShareStep(FrozenRow):
    """What a partner has of an order's volume (millionths)."""

    partner_id: UUID
    share: int


class SplitStep(FrozenRow):
    """The conflict whose split holds for an order, and its shares in the order in which odd cents go: by lot."""

    conflict_id: UUID
    shares: tuple[ShareStep, ...]

    @property
    def partner_ids(self) -> tuple[UUID, ...]:
        """Who shares, in the order of the shares."""
        return tuple(each.partner_id for each in self.shares)

    def parts_of(self, volume: int) -> dict[UUID, int]:
        """A volume by partner; of less nobody has more, so that a return takes from each or leaves them."""
        parts = apportion(volume, [each.share for each in self.shares])
        return dict(zip(self.partner_ids, parts, strict=True))


class TakenStep(FrozenRow):
    """What a return takes back of a closed period: `amount` was earned there with `volume`, of which `before` had come
    back by then and `returned` has now."""

    period_start: date
    period_end: date
    amount: int
    volume: int
    before: int
    returned: int

    @property
    def moves(self) -> int:
        """What is taken back now, in the end all that was earned."""
        if not self.volume:
            return 0
        return ratio(self.amount, self.before, self.volume) - ratio(self.amount, self.returned, self.volume)


class LayerStep(FrozenRow):
    """A version of a programme that others follow: its tiers, and the volume that it held (in focus lines too)."""

    programme_id: UUID
    tiers: tuple[TierStep, ...]
    volume: int
    focus: int | None = None


class LineageStep(FrozenRow):
    """All versions of a programme as they stood before an accrual, the first first; the account is kept under id and
    row version of the first."""

    programme_id: UUID
    programme_version: int
    layers: tuple[LayerStep, ...]


SliceSteps = Annotated[tuple[SliceStep, ...], DECODED]


class RebateAccount(FrozenRow):
    """Position and rebate of a partner in a programme's period; every writer of the ledger locks it first. `focus` is
    the position in the focus lines of a mix, `baseline` what growth counts over: it stays as the account opened."""

    __tablename__ = "rebate_account"

    id: Annotated[UUID, identifier(primary_key=True)]
    partner_id: Annotated[UUID, identifier(nullable=False)]
    programme_id: Annotated[UUID, identifier(nullable=False)]
    programme_version: Annotated[int, Field(nullable=False)]
    period_start: Annotated[date, Field(nullable=False)]
    period_end: Annotated[date, Field(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    position: Annotated[int, big_int(nullable=False)]
    accrued: Annotated[int, big_int(nullable=False)]
    focus: Annotated[int | None, big_int(nullable=True)] = None
    baseline: Annotated[int | None, big_int(nullable=True)] = None


class RebateAccountTable(RebateAccount, Base, table=True):
    """Positions of partners."""

    __table_args__ = (
        sa.UniqueConstraint("partner_id", "programme_id", "programme_version", "period_start"),
        sa.Index("ix_rebate_account_period_start_id", "period_start", "id"),
        sa.Index("ix_rebate_account_programme_id", "programme_id"),
    )


class RebateLayer(FrozenRow):
    """What of the position of an account was counted in a later version of its programme; the rest is the first's."""

    __tablename__ = "rebate_layer"

    account_id: Annotated[UUID, identifier(primary_key=True)]
    programme_id: Annotated[UUID, identifier(primary_key=True)]
    volume: Annotated[int, big_int(nullable=False)]
    focus: Annotated[int | None, big_int(nullable=True)] = None


class RebateLayerTable(RebateLayer, Base, table=True):
    """Positions by version."""


class RebateAccrual(FrozenRow):
    """A decision with all its inputs: what an order, or its return, moved in one programme."""

    __tablename__ = "rebate_accrual"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False, index=True)]
    partner_id: Annotated[UUID, identifier(nullable=False)]
    programme_id: Annotated[UUID, identifier(nullable=False)]
    programme_version: Annotated[int, Field(nullable=False)]
    kind: Annotated[PlanKind, text(nullable=False)]
    tiers: Annotated[TierSteps, document(nullable=False)]
    period_start: Annotated[date, Field(nullable=False)]
    period_end: Annotated[date, Field(nullable=False)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    order_date: Annotated[date, Field(nullable=False)]
    posting_date: Annotated[date, Field(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    volume: Annotated[int, big_int(nullable=False)]
    position_before: Annotated[int, big_int(nullable=False)]
    position_after: Annotated[int, big_int(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    slices: Annotated[SliceSteps, document(nullable=False)]
    source_event_id: Annotated[UUID, identifier(nullable=False)]
    recorded_at: Annotated[datetime, moment(nullable=False)]
    split: Annotated[Annotated[SplitStep | None, DECODED], document(nullable=True)] = None
    order_volume: Annotated[int | None, big_int(nullable=True)] = None
    taken_back: Annotated[Annotated[TakenStep | None, DECODED], document(nullable=True)] = None
    basis: Annotated[GrowthBasis | None, text(nullable=True)] = None
    baseline: Annotated[int | None, big_int(nullable=True)] = None
    focus_volume: Annotated[int | None, big_int(nullable=True)] = None
    focus_before: Annotated[int | None, big_int(nullable=True)] = None
    order_focus: Annotated[int | None, big_int(nullable=True)] = None
    lineage: Annotated[Annotated[LineageStep | None, DECODED], document(nullable=True)] = None

    @property
    def focus(self) -> tuple[int, int]:
        """The position in focus lines before and after; 0 where there are none."""
        before = self.focus_before or 0
        return before, before + (self.focus_volume or 0)


class RebateAccrualTable(RebateAccrual, Base, table=True):
    """Decisions."""

    __table_args__ = (
        sa.Index("uq_rebate_accrual_event_partner", "source_event_id", "programme_id", "partner_id", unique=True),
        sa.CheckConstraint("position_after = position_before + volume", name="position"),
        sa.Index("ix_rebate_accrual_order_id", "order_id"),
        sa.Index("ix_rebate_accrual_partner_id_posting_date", "partner_id", "posting_date"),
    )


class RebateEntry(FrozenRow):
    """One side of an accrual; the two sides of each sum to zero. The accrual's id is its fact's."""

    __tablename__ = "rebate_entry"

    id: Annotated[UUID, identifier(primary_key=True)]
    accrual_id: Annotated[UUID, identifier(nullable=False)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    partner_id: Annotated[UUID, identifier(nullable=False)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    ledger_account: Annotated[LedgerAccount, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    recorded_at: Annotated[datetime, moment(nullable=False)]


class RebateEntryTable(RebateEntry, Base, table=True):
    """Sides of decisions."""

    __table_args__ = (
        sa.UniqueConstraint("accrual_id", "ledger_account"),
        one_of("ledger_account", LedgerAccount),
        sa.Index("ix_rebate_entry_recorded_at_id", "recorded_at", "id"),
        sa.Index("ix_rebate_entry_partner_id_recorded_at_id", "partner_id", "recorded_at", "id"),
        sa.Index("ix_rebate_entry_order_id_recorded_at_id", "order_id", "recorded_at", "id"),
    )


class RebateClose(FrozenRow):
    """An account whose period was over when a statement with its entries was approved: returns move it no more."""

    __tablename__ = "rebate_close"

    account_id: Annotated[UUID, identifier(primary_key=True)]
    statement_id: Annotated[UUID, identifier(nullable=False)]
    closed_on: Annotated[date, Field(nullable=False)]


class RebateCloseTable(RebateClose, Base, table=True):
    """Closed accounts."""


class RebatePosting(FrozenRow):
    """One side of an adjustment or of a payment; `source_id` is the adjustment or the statement. The sides of each sum
    to zero: the database refuses others."""

    __tablename__ = "rebate_posting"

    source_id: Annotated[UUID, identifier(primary_key=True)]
    ledger_account: Annotated[PostingAccount, text(primary_key=True)]
    kind: Annotated[PostingKind, text(nullable=False)]
    partner_id: Annotated[UUID, identifier(nullable=False, index=True)]
    amount: Annotated[int, big_int(nullable=False)]
    posted_on: Annotated[date, Field(nullable=False)]


class RebatePostingTable(RebatePosting, Base, table=True):
    """Sides of adjustments and payments."""

    __table_args__ = (one_of("ledger_account", PostingAccount), one_of("kind", PostingKind))
