"""Disputes and what they dispute of orders, as rows and as tables. Amounts: minor units of the base currency."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, one_of, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.risk.db import Base
from services.risk.disputes.enums import DisputeDeadlineKind, DisputeState
from services.risk.obligations.enums import Side


class DisputeDeadline(FrozenRow):
    """By when something is to be done."""

    kind: DisputeDeadlineKind
    on: date


class DisputedAmount(FrozenRow):
    """What is disputed of an order."""

    order_id: UUID
    amount: int


class DisputeColumns(OwnedRow):
    """What the table of disputes has.

    `side` is who claims; `outcome` what the company pays (positive) or gets (negative), `costs` what it spent besides.
    """

    __tablename__ = "dispute"
    __text_keys__: ClassVar = TextKeys(name="title", also=("number",), codes=("number",))

    number: Annotated[str, text(nullable=False, unique=True)]
    title: Annotated[str, text(nullable=False)]
    state: Annotated[DisputeState, text(nullable=False)]
    account_id: Annotated[UUID | None, identifier(nullable=True)] = None
    partner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    stream_key: Annotated[UUID, identifier(nullable=False)]
    contract_id: Annotated[UUID | None, identifier(nullable=True)] = None
    side: Annotated[Side, text(nullable=False)]
    claim: Annotated[int, big_int(nullable=False)]
    known_on: Annotated[date, Field(nullable=False)]
    opened_on: Annotated[date, Field(nullable=False)]
    limitation_on: Annotated[date, Field(nullable=False)]
    deadlines: Annotated[tuple[DisputeDeadline, ...], DECODED, document(nullable=False)] = ()
    outcome: Annotated[int | None, big_int(nullable=True)] = None
    costs: Annotated[int | None, big_int(nullable=True)] = None
    closed_on: Annotated[date | None, Field(nullable=True)] = None
    incident_id: Annotated[UUID | None, identifier(nullable=True)] = None


class DisputeTable(DisputeColumns, TextKeyed, CodeKeyed, Base, table=True):
    """Disputes."""

    __table_args__ = (
        *key_indexes("dispute", DisputeColumns.__text_keys__),
        *code_indexes("dispute", "number"),
        one_of("state", DisputeState),
        one_of("side", Side),
        sa.CheckConstraint("(account_id IS NULL) <> (partner_id IS NULL)", name="party"),
        sa.CheckConstraint("known_on <= opened_on AND known_on <= limitation_on", name="dates"),
        sa.CheckConstraint("claim > 0 AND costs >= 0", name="amounts"),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_on IS NOT NULL) AND (closed_on IS NULL) = (outcome IS NULL) "
            "AND (closed_on IS NULL) = (costs IS NULL)",
            name="closed",
        ),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"]),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"]),
        sa.Index("ix_dispute_created_at_id", "created_at", "id"),
        sa.Index("ix_dispute_limitation_on_id", "limitation_on", "id"),
        sa.Index("ix_dispute_account_id", "account_id"),
        sa.Index("ix_dispute_partner_id", "partner_id"),
        sa.Index("ix_dispute_contract_id", "contract_id", postgresql_where="contract_id IS NOT NULL"),
        sa.Index("ix_dispute_incident_id", "incident_id", postgresql_where="incident_id IS NOT NULL"),
    )


class Dispute(DisputeColumns):
    """A dispute with what it disputes of orders; `owner_id` is whoever owns the account or the partner."""

    owner_id: UUID | None = None
    orders: Annotated[tuple[DisputedAmount, ...], DECODED] = ()


class DisputeOrder(FrozenRow):
    """What a dispute disputes of an order, from `opened_on` on until (not on) `closed_on`."""

    __tablename__ = "dispute_order"

    dispute_id: Annotated[UUID, identifier(primary_key=True)]
    order_id: Annotated[UUID, identifier(primary_key=True)]
    amount: Annotated[int, big_int(nullable=False)]
    opened_on: Annotated[date, Field(nullable=False)]
    closed_on: Annotated[date | None, Field(nullable=True)] = None


class DisputeOrderTable(DisputeOrder, Base, table=True):
    """Disputed amounts of orders."""

    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("opened_on <= closed_on", name="dates"),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"]),
        sa.Index("ix_dispute_order_order_id", "order_id"),
        sa.Index("ix_dispute_order_standing", "order_id", "amount", postgresql_where="closed_on IS NULL"),
    )
