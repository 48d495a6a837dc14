"""Reservations of terms and their parts as rows and as tables; all are written by `ledger.apply` alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, moment, one_of, text
from services.channels.db import Base
from services.channels.terms.enums import Refusal, ReservationState


class TermsReservation(FrozenRow):
    """The answer to a placement, and what became of what it reserved. `version` counts its facts.

    `is_overdrawn`: the order was confirmed when nothing was reserved any more, and counts all the same. `is_returned`:
    the whole order came back, and with it its uses. `released_at`: the order was asked to give it up. `points`
    are those of its account that it redeems.
    """

    __tablename__ = "terms_reservation"

    id: Annotated[UUID, identifier(primary_key=True)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    placement: Annotated[int, Field(nullable=False)]
    version: Annotated[int, Field(nullable=False)]
    stream_key: Annotated[UUID, identifier(nullable=False)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    quote_id: Annotated[UUID | None, identifier(nullable=True)]
    currency: Annotated[str, text(nullable=False)]
    state: Annotated[ReservationState, text(nullable=False)]
    reason: Annotated[Refusal | None, text(nullable=True)] = None
    detail: Annotated[str | None, text(nullable=True)] = None
    line_no: Annotated[int | None, Field(nullable=True)] = None
    amount_base: Annotated[int, big_int(nullable=False)]
    returned_base: Annotated[int, big_int(nullable=False)] = 0
    is_overdrawn: Annotated[bool, Field(nullable=False)] = False
    is_returned: Annotated[bool, Field(nullable=False)] = False
    business_date: Annotated[date, Field(nullable=False)]
    source_event_id: Annotated[UUID, identifier(nullable=False)]
    decided_at: Annotated[datetime, moment(nullable=False)]
    released_at: Annotated[datetime | None, moment(nullable=True)] = None
    points: Annotated[int, big_int(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0


class TermsReservationTable(TermsReservation, Base, table=True):
    """Answers."""

    __table_args__ = (
        sa.UniqueConstraint("order_id", "placement"),
        one_of("state", ReservationState),
        one_of("reason", Refusal),
        sa.CheckConstraint("(state = 'refused') = (reason IS NOT NULL)", name="refused"),
        sa.Index("ix_terms_reservation_decided_at_id", "decided_at", "id"),
        sa.Index("ix_terms_reservation_account_id_decided_at_id", "account_id", "decided_at", "id"),
        sa.Index("ix_terms_reservation_owner_id_decided_at_id", "owner_id", "decided_at", "id"),
        sa.Index("ix_terms_reservation_quote_id", "quote_id"),
    )


class TermsPart(FrozenRow):
    """What an order takes of a promotion by a line of `quantity` pieces, and what of it came back, in base currency.

    `is_threshold_broken`: of what was kept after a return, the promotion would not have given it."""

    __tablename__ = "terms_part"

    reservation_id: Annotated[UUID, identifier(primary_key=True)]
    line_no: Annotated[int, Field(primary_key=True)]
    promotion_id: Annotated[UUID, identifier(primary_key=True)]
    quantity: Annotated[int, big_int(nullable=False)]
    amount_base: Annotated[int, big_int(nullable=False)]
    returned_base: Annotated[int, big_int(nullable=False)] = 0
    is_threshold_broken: Annotated[bool, Field(sa_column_kwargs={"server_default": "false"}, nullable=False)] = False


class TermsPartTable(TermsPart, Base, table=True):
    """Parts of reservations."""

    __table_args__ = (
        sa.CheckConstraint("amount_base >= 0 AND returned_base >= 0", name="amounts"),
        sa.Index("ix_terms_part_promotion_id_broken", "promotion_id", postgresql_where="is_threshold_broken"),
    )


class TermsHold(FrozenRow):
    """A placement (`id`: its reservation) that is on hold with its terms reserved, and when that has lasted too long;
    `due_at` is None once that was looked at. Written under the lock of the order's reservations."""

    __tablename__ = "terms_hold"

    id: Annotated[UUID, identifier(primary_key=True)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    placement: Annotated[int, Field(nullable=False)]
    held_at: Annotated[datetime, moment(nullable=False)]
    due_at: Annotated[datetime | None, moment(nullable=True)]


class TermsHoldTable(TermsHold, Base, table=True):
    """Placements on hold."""

    __table_args__ = (sa.Index("ix_terms_hold_due_at", "due_at", postgresql_where="due_at IS NOT NULL"),)
