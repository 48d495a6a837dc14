"""Rows and tables of the exposure ledger; all are written by `ledger.apply_credit_facts` alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, moment, one_of, text
from services.risk.credit.enums import CreditState, Decision, EntryKind
from services.risk.db import Base


class ExposureAccount(FrozenRow):
    """Sum of an account's entries, and how many facts about its money on account there have been; every writer of the
    ledger locks this row first."""

    __tablename__ = "exposure_account"

    account_id: Annotated[UUID, identifier(primary_key=True)]
    balance: Annotated[int, big_int(nullable=False)]
    deposit_facts: Annotated[int, Field(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0


class ExposureAccountTable(ExposureAccount, Base, table=True):
    """Balances of accounts."""

    __table_args__ = (sa.Index("ix_exposure_account_balance_account_id", "balance", "account_id"),)


class ExposureEntry(FrozenRow):
    """One move of an exposure, in minor units of the base currency: of an order, or of money on account (no order).
    `payment_id` is there where money moved it (None: an earlier release did not say)."""

    __tablename__ = "exposure_entry"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    order_id: Annotated[UUID | None, identifier(nullable=True)]
    payment_id: Annotated[UUID | None, identifier(nullable=True)] = None
    placement: Annotated[int, Field(nullable=False)]
    kind: Annotated[EntryKind, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    source_event_id: Annotated[UUID, identifier(nullable=False)]
    source_ordinal: Annotated[int, Field(nullable=False)]
    fact_event_id: Annotated[UUID, identifier(nullable=False)]
    recorded_at: Annotated[datetime, moment(nullable=False)]


class ExposureEntryTable(ExposureEntry, Base, table=True):
    """Moves of exposures."""

    __table_args__ = (
        sa.UniqueConstraint("source_event_id", "source_ordinal"),
        sa.CheckConstraint("kind NOT IN ('reserved', 'refunded', 'deposit_used') OR amount >= 0", name="amount_up"),
        sa.CheckConstraint("kind IN ('reserved', 'refunded', 'deposit_used') OR amount <= 0", name="amount_down"),
        sa.CheckConstraint(
            "(order_id IS NULL) = (kind IN ('deposited', 'deposit_used')) AND (order_id IS NOT NULL OR "
            "payment_id IS NOT NULL)",
            name="subject",
        ),
        one_of("kind", EntryKind),
        sa.Index("ix_exposure_entry_recorded_at_id", "recorded_at", "id"),
        sa.Index("ix_exposure_entry_account_id_recorded_at_id", "account_id", "recorded_at", "id"),
        sa.Index("ix_exposure_entry_order_id_recorded_at_id", "order_id", "recorded_at", "id"),
        sa.Index("ix_exposure_entry_on_account", "payment_id", "amount", postgresql_where=sa.text("order_id IS NULL")),
    )


class ExposurePartner(FrozenRow):
    """Sum of the exposures of the orders that name a partner; locked after the accounts."""

    __tablename__ = "exposure_partner"

    partner_id: Annotated[UUID, identifier(primary_key=True)]
    balance: Annotated[int, big_int(nullable=False)]


class ExposurePartnerTable(ExposurePartner, Base, table=True):
    """Balances of partners."""


class OrderExposure(FrozenRow):
    """Where an order stands: `asked` and `shortfall` of its latest placement, `reserved` still held for it,
    `exposure` the sum of its entries, `facts` how many facts it has had. `partner_id` is the partner
    that its latest answer named (None: also of earlier releases, which named none), `placed_by` who placed what was
    answered last (None: it was not said), `terms_refused` the last placement whose terms were refused or dropped."""

    __tablename__ = "order_credit"

    order_id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    stream_key: Annotated[UUID, identifier(nullable=False)]
    placement: Annotated[int, Field(nullable=False)]
    state: Annotated[CreditState, text(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    asked: Annotated[int, big_int(nullable=False)]
    reserved: Annotated[int, big_int(nullable=False)]
    exposure: Annotated[int, big_int(nullable=False)]
    shortfall: Annotated[int, big_int(nullable=False)]
    facts: Annotated[int, Field(nullable=False)]
    partner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    placed_by: Annotated[str | None, text(nullable=True)] = None
    terms_refused: Annotated[int | None, Field(nullable=True)] = None


class OrderExposureTable(OrderExposure, Base, table=True):
    """Where orders stand."""

    __table_args__ = (
        sa.CheckConstraint("reserved >= 0 AND asked >= 0 AND shortfall >= 0", name="amounts"),
        one_of("state", CreditState),
        sa.Index("ix_order_credit_account_id_order_id", "account_id", "order_id"),
        sa.Index("ix_order_credit_state_order_id", "state", "order_id"),
        sa.Index(
            "ix_order_credit_partner_id_order_id",
            "partner_id",
            "order_id",
            postgresql_where=sa.text("partner_id IS NOT NULL"),
        ),
    )


class CreditDecision(FrozenRow):
    """An answer to a placement with its inputs; a placement has one of the rule, and at most one override. It was
    `decided_under` the limit of another account where its own leads to that. `terms_days` were allowed (None: any);
    `partner_limit` (None: none binds) and `partner_exposure` are of the partner that the order named."""

    __tablename__ = "credit_decision"

    id: Annotated[UUID, identifier(primary_key=True)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    placement: Annotated[int, Field(nullable=False)]
    decision: Annotated[Decision, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    credit_limit: Annotated[int | None, big_int(nullable=True)] = None
    deposit_share: Annotated[int, Field(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0
    named: Annotated[int, big_int(nullable=False, sa_column_kwargs={"server_default": sa.text("0")})] = 0
    named_elsewhere: Annotated[int, big_int(nullable=False, sa_column_kwargs={"server_default": sa.text("0")})] = 0
    terms_days: Annotated[int | None, Field(nullable=True)] = None
    exposure_before: Annotated[int, big_int(nullable=False)]
    shortfall: Annotated[int, big_int(nullable=False)]
    decided_under: Annotated[UUID | None, identifier(nullable=True)] = None
    partner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    partner_limit: Annotated[int | None, big_int(nullable=True)] = None
    partner_exposure: Annotated[int | None, big_int(nullable=True)] = None
    reason: Annotated[str | None, text(nullable=True)] = None
    cause: Annotated[str | None, text(nullable=True)] = None
    approved_by: Annotated[str | None, text(nullable=True)] = None
    source_event_id: Annotated[UUID, identifier(nullable=False)]
    fact_event_id: Annotated[UUID, identifier(nullable=False)]
    decided_at: Annotated[datetime, moment(nullable=False)]


class CreditDecisionTable(CreditDecision, Base, table=True):
    """Decisions."""

    __table_args__ = (
        one_of("decision", Decision),
        sa.Index(
            "uq_credit_decision_rule", "order_id", "placement", unique=True, postgresql_where="decision <> 'override'"
        ),
        sa.Index(
            "uq_credit_decision_override",
            "order_id",
            "placement",
            unique=True,
            postgresql_where="decision = 'override'",
        ),
        sa.UniqueConstraint("source_event_id"),
        sa.Index("ix_credit_decision_decided_at_id", "decided_at", "id"),
        sa.Index("ix_credit_decision_account_id_decided_at_id", "account_id", "decided_at", "id"),
    )
