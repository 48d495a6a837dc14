"""Deals, lines of their orders, and what is heard for them, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, OwnedRow, big_int, identifier, moment, one_of, text
from kit.db.text_keys import TextKeys
from services.channels.db import Base
from services.channels.deals.enums import DealRejection, DealState

Texts = Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]


class Deal(OwnedRow):
    """A partner's claim on an end customer; `value` in minor units of its currency.

    Of the tax id the keyed hash alone is kept. `protected_until` is the last protected day, `next_warning` how many
    days before it is warned next; `realised_base` is the net of its orders, less returns.
    """

    __tablename__ = "deal"
    __text_keys__: ClassVar = TextKeys(numbers=("number",))

    number: Annotated[str, text(nullable=False)]
    partner_id: Annotated[UUID, identifier(nullable=False)]
    account_id: Annotated[UUID | None, identifier(nullable=True)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    state: Annotated[DealState, text(nullable=False)]
    customer_name: Annotated[str, text(nullable=False)]
    country: Annotated[str, text(nullable=False)]
    domain: Annotated[str | None, text(nullable=True)]
    name_key: Annotated[str, text(nullable=False)]
    tax_id_hash: Annotated[str | None, text(nullable=True)]
    domain_hash: Annotated[str | None, text(nullable=True)]
    identity_hashes: Texts
    product_lines: Texts
    value: Annotated[int, big_int(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    value_base: Annotated[int, big_int(nullable=False)]
    expected_close: Annotated[date | None, Field(nullable=True)]
    evidence: Annotated[str, text(nullable=False)]
    registered_by: Annotated[str, text(nullable=False)]
    registered_on: Annotated[date, Field(nullable=False)]
    registered_at: Annotated[datetime, moment(nullable=False)]
    review_due_on: Annotated[date, Field(nullable=False)]
    is_review_late: Annotated[bool, Field(nullable=False)] = False
    decided_by: Annotated[str | None, text(nullable=True)] = None
    rejection: Annotated[DealRejection | None, text(nullable=True)] = None
    decision_note: Annotated[str, text(nullable=False)] = ""
    protected_until: Annotated[date | None, Field(nullable=True)] = None
    extensions: Annotated[int, Field(nullable=False)] = 0
    next_warning: Annotated[int | None, Field(nullable=True)] = None
    realised_base: Annotated[int, big_int(nullable=False)] = 0
    won_order_id: Annotated[UUID | None, identifier(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class DealTable(Deal, Base, table=True):
    """Deals."""

    __table_args__ = (
        one_of("state", DealState),
        one_of("rejection", DealRejection),
        sa.CheckConstraint("(state = 'rejected') = (rejection IS NOT NULL)", name="rejected"),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'won', 'expired') OR protected_until IS NOT NULL", name="protected"
        ),
        sa.CheckConstraint("due_at IS NULL OR state IN ('registered', 'approved')", name="due_at"),
        sa.UniqueConstraint("number"),
        sa.Index(
            "uq_deal_tax_id_hash",
            "tax_id_hash",
            unique=True,
            postgresql_where=sa.text("state IN ('registered', 'approved') AND tax_id_hash IS NOT NULL"),
        ),
        sa.Index("ix_deal_tax_id_hash", "tax_id_hash", postgresql_where=sa.text("tax_id_hash IS NOT NULL")),
        sa.Index("ix_deal_domain_hash", "domain_hash", postgresql_where=sa.text("domain_hash IS NOT NULL")),
        sa.Index("ix_deal_name_key_country", "name_key", "country"),
        sa.Index("ix_deal_partner_id_registered_on_id", "partner_id", "registered_on", "id"),
        sa.Index("ix_deal_registered_on_id", "registered_on", "id"),
        sa.Index("ix_deal_owner_id_registered_on_id", "owner_id", "registered_on", "id"),
        sa.Index("ix_deal_account_id_registered_on_id", "account_id", "registered_on", "id"),
        sa.Index("ix_deal_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )


class DealOrderLine(FrozenRow):
    """A line of an order of a deal: net in base currency as ordered, and what of it came back so far."""

    __tablename__ = "deal_order_line"

    order_id: Annotated[UUID, identifier(primary_key=True)]
    line_no: Annotated[int, Field(primary_key=True)]
    deal_id: Annotated[UUID, identifier(nullable=False)]
    order_date: Annotated[date, Field(nullable=False)]
    net_base: Annotated[int, big_int(nullable=False)]
    returned_net_base: Annotated[int, big_int(nullable=False)]


class DealOrderLineTable(DealOrderLine, Base, table=True):
    """Lines of orders of deals."""

    __table_args__ = (sa.Index("ix_deal_order_line_deal_id", "deal_id"),)
