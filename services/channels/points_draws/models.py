"""Draws and their tickets as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, one_of, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.channels.db import Base
from services.channels.points_draws.enums import DrawState
from services.channels.points_draws.rules import Prize


class PrizeDocument(FrozenRow):
    """A prize: its weight among all, how many there are, what one is worth in the draw's currency."""

    code: str
    name: str
    weight: int
    stock: int
    value: int


class PointsDraw(OwnedRow):
    """What members of a programme may win for `price` points a ticket; `tickets` and `won` (by prize) are drawn so far.

    `seed_hash` is the SHA-256 of the seed: it is known from the beginning, the seed itself (`sealed_seed`, hexadecimal,
    under a key of the draw's own) only when the draw is closed (`seed`).
    """

    __tablename__ = "points_draw"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code",), codes=("code",))

    code: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    points_programme_id: Annotated[UUID, identifier(nullable=False)]
    price: Annotated[int, big_int(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    prizes: Annotated[Annotated[tuple[PrizeDocument, ...], DECODED], document(nullable=False)]
    blanks: Annotated[int, big_int(nullable=False)]
    valid_from: Annotated[date, Field(nullable=False)]
    valid_to: Annotated[date, Field(nullable=False)]
    state: Annotated[DrawState, text(nullable=False)]
    seed_hash: Annotated[str, text(nullable=False)]
    written_by: Annotated[str, text(nullable=False)]
    tickets: Annotated[int, big_int(nullable=False)] = 0
    won: Annotated[Annotated[dict[str, int], DECODED], document(nullable=False)]
    sealed_seed: Annotated[str | None, text(nullable=True)] = None
    seed: Annotated[str | None, text(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None

    @property
    def chances(self) -> list[Prize]:
        """Its prizes as the rules work on them."""
        return [Prize(prize.code, prize.weight, prize.stock) for prize in self.prizes]


class PointsDrawTable(PointsDraw, TextKeyed, CodeKeyed, Base, table=True):
    """Draws."""

    __table_args__ = (
        one_of("state", DrawState),
        sa.CheckConstraint("price > 0 AND blanks >= 0 AND tickets >= 0", name="price"),
        sa.CheckConstraint("valid_to >= valid_from", name="validity"),
        sa.CheckConstraint(
            "(state = 'closed') = (seed IS NOT NULL) AND (state = 'closed') = (sealed_seed IS NULL)", name="seed"
        ),
        *key_indexes("points_draw", PointsDraw.__text_keys__),
        *code_indexes("points_draw", "code"),
        sa.Index("ix_points_draw_valid_from_id", "valid_from", "id"),
        sa.Index("ix_points_draw_due_at", "due_at", postgresql_where="due_at IS NOT NULL"),
    )


class PointsTicket(OwnedRow):
    """A ticket, by its number in the draw, of a member; `prize_code` is what it won."""

    __tablename__ = "points_ticket"

    draw_id: Annotated[UUID, identifier(nullable=False)]
    number: Annotated[int, big_int(nullable=False)]
    points_account_id: Annotated[UUID, identifier(nullable=False)]
    points: Annotated[int, big_int(nullable=False)]
    prize_code: Annotated[str | None, text(nullable=True)]
    drawn_by: Annotated[str, text(nullable=False)]
    business_date: Annotated[date, Field(nullable=False)]


class PointsTicketTable(PointsTicket, Base, table=True):
    """Tickets."""

    __table_args__ = (
        sa.UniqueConstraint("draw_id", "number"),
        sa.Index("ix_points_ticket_created_at_id", "created_at", "id"),
        sa.Index("ix_points_ticket_points_account_id", "points_account_id"),
    )
