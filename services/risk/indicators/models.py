"""Indicators, what they read, and the days they are counted from, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, OwnedRow, big_int, identifier, identifiers, moment, one_of, text
from services.risk.alerts.enums import IndicatorLevel
from services.risk.db import Base
from services.risk.indicators.enums import IndicatorState, TallyKind
from services.risk.indicators.rules import Bounds
from services.risk.marks.enums import IndicatorMeasure

NOBODY = UUID(int=0)
"""An account, a partner or a channel that a fact does not name."""


class Indicator(OwnedRow):
    """What is watched, of whom, and where amber and red begin; without `window_days` the measure has its own."""

    __tablename__ = "indicator"

    measure: Annotated[IndicatorMeasure, text(nullable=False)]
    account_id: Annotated[UUID | None, identifier(nullable=True)] = None
    partner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    channel_id: Annotated[UUID | None, identifier(nullable=True)] = None
    target_id: Annotated[UUID | None, identifier(nullable=True)] = None
    region: Annotated[str | None, text(nullable=True)] = None
    product_line: Annotated[str | None, text(nullable=True)] = None
    window_days: Annotated[int | None, Field(nullable=True)] = None
    amber: Annotated[int, big_int(nullable=False)]
    red: Annotated[int, big_int(nullable=False)]
    hysteresis: Annotated[int, big_int(nullable=False)]
    min_sample: Annotated[int, Field(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    risk_ids: Annotated[tuple[UUID, ...], identifiers(nullable=False)] = ()
    state: Annotated[IndicatorState, text(nullable=False)]

    @property
    def bounds(self) -> Bounds:
        """Where its levels begin."""
        return Bounds(self.amber, self.red, self.hysteresis)


class IndicatorTable(Indicator, Base, table=True):
    """Indicators."""

    __table_args__ = (
        one_of("measure", IndicatorMeasure),
        one_of("state", IndicatorState),
        sa.CheckConstraint(
            "num_nonnulls(account_id, partner_id, channel_id, target_id, region, product_line) <= 1", name="scope"
        ),
        sa.CheckConstraint("hysteresis BETWEEN 0 AND abs(red - amber) AND amber <> red", name="bounds"),
        sa.Index("ix_indicator_created_at_id", "created_at", "id"),
        sa.Index("ix_indicator_owner_id_created_at_id", "owner_id", "created_at", "id"),
    )


class IndicatorReading(FrozenRow):
    """What an indicator shows; `id` is the indicator's, `due_at` when it is evaluated next (None: it is paused).

    `recorded_at` and `recorded_value` are those of the last row of its history.
    """

    __tablename__ = "indicator_reading"

    id: Annotated[UUID, identifier(primary_key=True)]
    measure: Annotated[IndicatorMeasure, text(nullable=False)]
    value: Annotated[int | None, big_int(nullable=True)] = None
    sample: Annotated[int, big_int(nullable=False)] = 0
    level: Annotated[IndicatorLevel, text(nullable=False)]
    evaluated_at: Annotated[datetime | None, moment(nullable=True)] = None
    recorded_at: Annotated[datetime | None, moment(nullable=True)] = None
    recorded_value: Annotated[int | None, big_int(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class IndicatorReadingTable(IndicatorReading, Base, table=True):
    """Readings of indicators."""

    __table_args__ = (
        one_of("level", IndicatorLevel),
        sa.ForeignKeyConstraint(["id"], ["indicator.id"]),
        sa.Index("ix_indicator_reading_due_at", "due_at", postgresql_where="due_at IS NOT NULL"),
        sa.Index("ix_indicator_reading_measure", "measure", "id"),
    )


class IndicatorValue(FrozenRow):
    """A value of the history of an indicator."""

    __tablename__ = "indicator_value"

    id: Annotated[UUID, identifier(primary_key=True)]
    indicator_id: Annotated[UUID, identifier(nullable=False)]
    at: Annotated[datetime, moment(nullable=False)]
    day: Annotated[date, Field(nullable=False)]
    value: Annotated[int | None, big_int(nullable=True)] = None
    sample: Annotated[int, big_int(nullable=False)]
    level: Annotated[IndicatorLevel, text(nullable=False)]


class IndicatorValueTable(IndicatorValue, Base, table=True):
    """Histories of indicators."""

    __table_args__ = (
        one_of("level", IndicatorLevel),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicator.id"]),
        sa.Index("ix_indicator_value_indicator_id_at_id", "indicator_id", "at", "id"),
    )


class TallyBucket(FrozenRow):
    """What happened on a business day, by whom (a nil id, an empty region: nobody's). Amounts: minor units, base."""

    __tablename__ = "tally_bucket"

    kind: Annotated[TallyKind, text(primary_key=True)]
    day: Annotated[date, Field(primary_key=True)]
    account_id: Annotated[UUID, identifier(primary_key=True)]
    partner_id: Annotated[UUID, identifier(primary_key=True)]
    channel_id: Annotated[UUID, identifier(primary_key=True)]
    region: Annotated[str, text(primary_key=True)]
    amount: Annotated[int, big_int(nullable=False)]
    count: Annotated[int, big_int(nullable=False)]


class TallyBucketTable(TallyBucket, Base, table=True):
    """Days, counted."""

    __table_args__ = (
        one_of("kind", TallyKind),
        sa.Index("ix_tally_bucket_account_id", "account_id", "kind", "day"),
    )


class TallySource(FrozenRow):
    """An event that is counted in days: whatever comes again later is not counted again."""

    __tablename__ = "tally_source"

    event_id: Annotated[UUID, identifier(primary_key=True)]


class TallySourceTable(TallySource, Base, table=True):
    """Events that are counted."""


class TallyCase(FrozenRow):
    """A case of a customer: when it was opened, and whether a deadline of it was missed."""

    __tablename__ = "tally_case"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID | None, identifier(nullable=True)] = None
    opened_on: Annotated[date, Field(nullable=False)]
    is_complaint: Annotated[bool, Field(nullable=False)]
    is_breached: Annotated[bool, Field(nullable=False)]


class TallyCaseTable(TallyCase, Base, table=True):
    """Cases, counted."""

    __table_args__ = (sa.Index("ix_tally_case_opened_on", "opened_on"),)


class TallyWarning(FrozenRow):
    """Whether a customer stands under a warning that they may leave."""

    __tablename__ = "tally_warning"

    account_id: Annotated[UUID, identifier(primary_key=True)]
    is_standing: Annotated[bool, Field(nullable=False)]


class TallyWarningTable(TallyWarning, Base, table=True):
    """Warnings of customers."""

    __table_args__ = (sa.Index("ix_tally_warning_standing", "account_id", postgresql_where=sa.text("is_standing")),)


class TallyBreach(FrozenRow):
    """A line that was sold under its floor."""

    __tablename__ = "tally_breach"

    id: Annotated[UUID, identifier(primary_key=True)]
    day: Annotated[date, Field(nullable=False)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    partner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    channel_id: Annotated[UUID | None, identifier(nullable=True)] = None


class TallyBreachTable(TallyBreach, Base, table=True):
    """Lines under their floor."""

    __table_args__ = (sa.Index("ix_tally_breach_day", "day"),)


class TallyDiscount(FrozenRow):
    """What was taken off the prices of an order that was confirmed, and what it came to then: base currency."""

    __tablename__ = "tally_discount"

    order_id: Annotated[UUID, identifier(primary_key=True)]
    day: Annotated[date, Field(nullable=False)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    partner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    channel_id: Annotated[UUID | None, identifier(nullable=True)] = None
    region: Annotated[str | None, text(nullable=True)] = None
    net: Annotated[int, big_int(nullable=False)]
    discount: Annotated[int, big_int(nullable=False)]


class TallyDiscountTable(TallyDiscount, Base, table=True):
    """Discounts of orders."""

    __table_args__ = (sa.Index("ix_tally_discount_day", "day"),)


class TallyLine(FrozenRow):
    """What an event says of a product line on a business day: what was sold of it (`discount` taken off before, None:
    not of every line said), what came back (negative), or an answer. Amounts: net, base currency."""

    __tablename__ = "tally_line"

    event_id: Annotated[UUID, identifier(primary_key=True)]
    product_line: Annotated[str, text(primary_key=True)]
    kind: Annotated[TallyKind, text(primary_key=True)]
    day: Annotated[date, Field(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    discount: Annotated[int | None, big_int(nullable=True)] = None


class TallyLineTable(TallyLine, Base, table=True):
    """Product lines, counted."""

    __table_args__ = (
        one_of("kind", TallyKind),
        sa.Index("ix_tally_line_product_line_kind_day", "product_line", "kind", "day"),
    )


class TallyConflict(FrozenRow):
    """A conflict of partners; what is over never stands again."""

    __tablename__ = "tally_conflict"

    id: Annotated[UUID, identifier(primary_key=True)]
    partner_ids: Annotated[tuple[UUID, ...], identifiers(nullable=False)]
    is_open: Annotated[bool, Field(nullable=False)]


class TallyConflictTable(TallyConflict, Base, table=True):
    """Conflicts of partners."""

    __table_args__ = (sa.Index("ix_tally_conflict_open", "id", postgresql_where=sa.text("is_open")),)


class TargetPace(FrozenRow):
    """How far a target is of where it should be by now, in millionths (None: the data is too thin)."""

    __tablename__ = "target_pace"

    target_id: Annotated[UUID, identifier(primary_key=True)]
    pace: Annotated[int | None, big_int(nullable=True)] = None
    as_of: Annotated[date, Field(nullable=False)]


class TargetPaceTable(TargetPace, Base, table=True):
    """Paces of targets."""
