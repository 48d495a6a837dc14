"""What was sold, to whom, and at which rates: projections that figures, prices and terms are read from."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, big_int, document, identifier, moment, text
from services.channels.db import Base


class Sale(FrozenRow):
    """An order that counts, filed under the account that it names; readers resolve redirects."""

    __tablename__ = "sale"

    order_id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID | None, identifier(nullable=True)]
    partner_id: Annotated[UUID | None, identifier(nullable=True)]
    channel_id: Annotated[UUID | None, identifier(nullable=True)]
    deal_id: Annotated[UUID | None, identifier(nullable=True)]
    quote_id: Annotated[UUID | None, identifier(nullable=True)]
    region: Annotated[str | None, text(nullable=True)]
    order_date: Annotated[date, Field(nullable=False)]
    state: Annotated[str | None, text(nullable=True)]
    version: Annotated[int, Field(nullable=False)]
    confirmed_event_id: Annotated[UUID | None, identifier(nullable=True)]
    confirmed_at: Annotated[datetime | None, moment(nullable=True)]


class SaleTable(Sale, Base, table=True):
    """Sales."""

    __table_args__ = (
        sa.Index("ix_sale_account_id_order_date", "account_id", "order_date"),
        sa.Index("ix_sale_partner_id_order_date", "partner_id", "order_date"),
        sa.Index("ix_sale_channel_id_order_date", "channel_id", "order_date"),
        sa.Index("ix_sale_region_order_date", "region", "order_date"),
    )


class SaleLine(FrozenRow):
    """A line: pieces and net in base currency as ordered, and what of it came back so far.

    Its net on the original order date is `net_base - returned_net_base`, in every figure.
    """

    __tablename__ = "sale_line"

    order_id: Annotated[UUID, identifier(primary_key=True)]
    line_no: Annotated[int, Field(primary_key=True)]
    sku: Annotated[str | None, text(nullable=True)]
    product_line: Annotated[str | None, text(nullable=True)]
    quantity: Annotated[int | None, big_int(nullable=True)]
    returned: Annotated[int, big_int(nullable=False)]
    net_base: Annotated[int, big_int(nullable=False)]
    returned_net_base: Annotated[int, big_int(nullable=False)]
    unit_cost_base: Annotated[int | None, big_int(nullable=True)]


class SaleLineTable(SaleLine, Base, table=True):
    """Lines of sales."""

    __table_args__ = (sa.Index("ix_sale_line_sku", "sku"),)


class ReturnedStep(FrozenRow):
    """What of a line came back by an event: net in base currency, negative."""

    line_no: int
    product_line: str | None
    net_base: int


class SaleReturn(FrozenRow):
    """A return by its event. `version` is that of the order: its returns follow each other by it."""

    __tablename__ = "sale_return"

    event_id: Annotated[UUID, identifier(primary_key=True)]
    order_id: Annotated[UUID, identifier(nullable=False, index=True)]
    version: Annotated[int, Field(nullable=False)]
    return_date: Annotated[date, Field(nullable=False)]
    returned_at: Annotated[datetime, moment(nullable=False)]
    lines: Annotated[Annotated[tuple[ReturnedStep, ...], DECODED], document(nullable=False)]


class SaleReturnTable(SaleReturn, Base, table=True):
    """Returns."""


class SoldLine(FrozenRow):
    """A line as it was ordered."""

    line_no: int
    product_line: str | None
    net_base: int


class SoldOrder(FrozenRow):
    """An order as it was confirmed."""

    order_id: UUID
    account_id: UUID | None
    partner_id: UUID | None
    order_date: date
    confirmed_event_id: UUID
    confirmed_at: datetime
    lines: Annotated[tuple[SoldLine, ...], DECODED]


class OrdersAsked(NamedTuple):
    """Orders of some days of some partners (none named: of all), and those of some accounts whoever sold them."""

    first: date
    last: date
    partner_ids: tuple[UUID, ...]
    account_ids: list[UUID]


class Place(NamedTuple):
    """Where a walk through orders is: they follow each other by partner, day and id; those of no partner come last."""

    partner_id: UUID | None
    order_date: date
    order_id: UUID


class Returned(FrozenRow):
    """What came back of a line in all so far."""

    order_id: UUID
    line_no: int
    returned: int
    returned_net_base: int


class SoldAsked(NamedTuple):
    """Of what the net is asked: a partner's orders of some days, in product lines (None: in any)."""

    key: UUID
    partner_id: UUID
    first: date
    last: date
    product_lines: list[str] | None


class AccountFact(FrozenRow):
    """An account as far as prices, terms and figures know it; `name_key` of organisations only."""

    __tablename__ = "account_fact"

    id: Annotated[UUID, identifier(primary_key=True)]
    stream_key: Annotated[UUID, identifier(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    name_key: Annotated[str | None, text(nullable=True)]
    region: Annotated[str | None, text(nullable=True)]
    country: Annotated[str | None, text(nullable=True)]
    customer_type: Annotated[str | None, text(nullable=True)]
    is_archived: Annotated[bool, Field(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class Ordered(NamedTuple):
    """Whether an account keeps something of an order, and the day of its last order, whatever became of it."""

    keeps_an_order: bool
    last_order_date: date | None


class AccountFactTable(AccountFact, Base, table=True):
    """Accounts."""

    __table_args__ = (sa.Index("ix_account_fact_region", "region"), sa.Index("ix_account_fact_name_key", "name_key"))


class OpportunityFact(FrozenRow):
    """An opportunity of an account as its latest version says."""

    __tablename__ = "opportunity_fact"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    state: Annotated[str, text(nullable=False)]
    stage: Annotated[str, text(nullable=False)]
    partner_id: Annotated[UUID | None, identifier(nullable=True)]
    deal_id: Annotated[UUID | None, identifier(nullable=True)]
    opened_on: Annotated[date, Field(nullable=False)]
    closed_on: Annotated[date | None, Field(nullable=True)]
    version: Annotated[int, Field(nullable=False)]


class OpportunityFactTable(OpportunityFact, Base, table=True):
    """Opportunities."""

    __table_args__ = (sa.Index("ix_opportunity_fact_account_id", "account_id"),)


class ActivityFact(FrozenRow):
    """Somebody of the company was active at an account on a day."""

    __tablename__ = "activity_fact"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    kind: Annotated[str, text(nullable=False)]
    business_date: Annotated[date, Field(nullable=False)]


class ActivityFactTable(ActivityFact, Base, table=True):
    """Activities."""

    __table_args__ = (sa.Index("ix_activity_fact_account_id_business_date", "account_id", "business_date"),)


class SurveyFact(FrozenRow):
    """An answer to a survey about an order."""

    __tablename__ = "survey_fact"

    id: Annotated[UUID, identifier(primary_key=True)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    kind: Annotated[str, text(nullable=False)]
    score: Annotated[int | None, Field(nullable=True)] = None
    business_date: Annotated[date, Field(nullable=False)]


class SurveyFactTable(SurveyFact, Base, table=True):
    """Answers."""

    __table_args__ = (sa.Index("ix_survey_fact_business_date", "business_date"),)


class CaseFact(FrozenRow):
    """A case as its latest version says; `is_breached` once a clock of it ran out, `days_open` as of that
    version."""

    __tablename__ = "case_fact"

    id: Annotated[UUID, identifier(primary_key=True)]
    order_id: Annotated[UUID | None, identifier(nullable=True)]
    kind: Annotated[str, text(nullable=False)]
    severity: Annotated[str, text(nullable=False)]
    state: Annotated[str, text(nullable=False)]
    root_cause: Annotated[str | None, text(nullable=True)]
    remedy_base: Annotated[int, big_int(nullable=False)]
    opened_on: Annotated[date, Field(nullable=False)]
    days_open: Annotated[int, Field(nullable=False)]
    is_breached: Annotated[bool, Field(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class CaseFactTable(CaseFact, Base, table=True):
    """Cases."""

    __table_args__ = (sa.Index("ix_case_fact_order_id", "order_id"),)


class ExchangeRate(FrozenRow):
    """Base units per unit of `currency` from a day on, as decimal text."""

    __tablename__ = "exchange_rate"

    currency: Annotated[str, text(primary_key=True)]
    valid_from: Annotated[date, Field(primary_key=True)]
    rate: Annotated[str, text(nullable=False)]


class ExchangeRateTable(ExchangeRate, Base, table=True):
    """Exchange rates."""
