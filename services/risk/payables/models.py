"""What is owed to partners, as rows and as tables."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, one_of, text
from services.risk.db import Base
from services.risk.payables.enums import PayableKind


class PartnerPayableMove(FrozenRow):
    """A fact about rebates, by the id of its event: what it adds to what is owed (paid: below zero), in minor units of
    the base currency, on its business day."""

    __tablename__ = "partner_payable_move"

    event_id: Annotated[UUID, identifier(primary_key=True)]
    partner_id: Annotated[UUID, identifier(nullable=False)]
    kind: Annotated[PayableKind, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    day: Annotated[date, Field(nullable=False)]


class PartnerPayableMoveTable(PartnerPayableMove, Base, table=True):
    """Moves of what is owed to partners."""

    __table_args__ = (
        one_of("kind", PayableKind),
        sa.Index("ix_partner_payable_move_partner_id_day", "partner_id", "day"),
    )


class PartnerPayable(FrozenRow):
    """The sum of a partner's moves: rebates accrued and not paid; below zero the partner has had too much."""

    __tablename__ = "partner_payable"

    partner_id: Annotated[UUID, identifier(primary_key=True)]
    amount: Annotated[int, big_int(nullable=False)]


class PartnerPayableTable(PartnerPayable, Base, table=True):
    """What is owed to partners."""
