"""What KPIs are counted from: facts of customer, and who an order is credited to, as rows and as tables."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, one_of, text
from services.targets.db import Base
from services.targets.kpi_facts.enums import CaseStep


class KpiSale(FrozenRow):
    """A confirmed order, filed under the account that it names; readers resolve redirects."""

    __tablename__ = "kpi_sale"

    order_id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    order_date: Annotated[date, Field(nullable=False)]
    due_on: Annotated[date | None, Field(nullable=True)]
    region: Annotated[str | None, text(nullable=True)]
    customer_type: Annotated[str | None, text(nullable=True)]
    channel_id: Annotated[UUID | None, identifier(nullable=True)]
    is_first_order: Annotated[bool, Field(nullable=False)]


class KpiSaleTable(KpiSale, Base, table=True):
    """Orders."""

    __table_args__ = (
        sa.Index("ix_kpi_sale_order_date", "order_date"),
        sa.Index("ix_kpi_sale_due_on", "due_on"),
        sa.Index("ix_kpi_sale_account_id_order_date", "account_id", "order_date"),
    )


class KpiMovement(FrozenRow):
    """What an event did to a line of an order: on its order date it counts, on the day of a return it falls.

    `margin` is null where the cost is not known, and then `costed_net` is 0.
    """

    __tablename__ = "kpi_movement"

    event_id: Annotated[UUID, identifier(primary_key=True)]
    line_no: Annotated[int, Field(primary_key=True)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    day: Annotated[date, Field(nullable=False)]
    product_line: Annotated[str | None, text(nullable=True)]
    pieces: Annotated[int, big_int(nullable=False)]
    net: Annotated[int, big_int(nullable=False)]
    gross: Annotated[int, big_int(nullable=False)]
    costed_net: Annotated[int, big_int(nullable=False)]
    margin: Annotated[int | None, big_int(nullable=True)]


class KpiMovementTable(KpiMovement, Base, table=True):
    """Movements of lines."""

    __table_args__ = (sa.Index("ix_kpi_movement_day", "day"), sa.Index("ix_kpi_movement_order_id", "order_id"))


class KpiPayment(FrozenRow):
    """What an event paid of an order, tax included; below 0 where money went back or never came."""

    __tablename__ = "kpi_payment"

    event_id: Annotated[UUID, identifier(primary_key=True)]
    ordinal: Annotated[int, Field(primary_key=True)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    day: Annotated[date, Field(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]


class KpiPaymentTable(KpiPayment, Base, table=True):
    """Money of orders."""

    __table_args__ = (sa.Index("ix_kpi_payment_order_id", "order_id"),)


class KpiShare(FrozenRow):
    """Whose an order is, by the newest of the credit facts about it; shares are millionths."""

    __tablename__ = "kpi_share"

    order_id: Annotated[UUID, identifier(primary_key=True)]
    member_id: Annotated[UUID, identifier(primary_key=True)]
    share: Annotated[int, big_int(nullable=False)]
    sequence: Annotated[int, big_int(nullable=False)]


class KpiShareTable(KpiShare, Base, table=True):
    """Shares of orders."""

    __table_args__ = (sa.Index("ix_kpi_share_member_id", "member_id"),)


class KpiVisit(FrozenRow):
    """A visit that was made."""

    __tablename__ = "kpi_visit"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID | None, identifier(nullable=True)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    day: Annotated[date, Field(nullable=False)]


class KpiVisitTable(KpiVisit, Base, table=True):
    """Visits."""

    __table_args__ = (sa.Index("ix_kpi_visit_day", "day"), sa.Index("ix_kpi_visit_owner_id_day", "owner_id", "day"))


class KpiOpportunity(FrozenRow):
    """An opportunity as its latest version says."""

    __tablename__ = "kpi_opportunity"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    state: Annotated[str, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    opened_on: Annotated[date, Field(nullable=False)]
    closed_on: Annotated[date | None, Field(nullable=True)]
    version: Annotated[int, Field(nullable=False)]


class KpiOpportunityTable(KpiOpportunity, Base, table=True):
    """Opportunities."""

    __table_args__ = (
        sa.Index("ix_kpi_opportunity_closed_on", "closed_on"),
        sa.Index("ix_kpi_opportunity_owner_id_closed_on", "owner_id", "closed_on"),
    )


class KpiAnswer(FrozenRow):
    """An answer with a score."""

    __tablename__ = "kpi_answer"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    order_id: Annotated[UUID | None, identifier(nullable=True)]
    kind: Annotated[str, text(nullable=False)]
    score: Annotated[int, Field(nullable=False)]
    product_line: Annotated[str | None, text(nullable=True)]
    day: Annotated[date, Field(nullable=False)]


class KpiAnswerTable(KpiAnswer, Base, table=True):
    """Answers."""

    __table_args__ = (sa.Index("ix_kpi_answer_day", "day"), sa.Index("ix_kpi_answer_owner_id_day", "owner_id", "day"))


class KpiStage(FrozenRow):
    """An account came into a stage on a day."""

    __tablename__ = "kpi_stage"

    event_id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    sequence: Annotated[int, big_int(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    day: Annotated[date, Field(nullable=False)]
    stage: Annotated[str, text(nullable=False)]


class KpiStageTable(KpiStage, Base, table=True):
    """Stages of accounts."""

    __table_args__ = (
        sa.Index("ix_kpi_stage_newest", "account_id", "day", "sequence", postgresql_include=["owner_id", "stage"]),
        sa.Index("ix_kpi_stage_owner_id", "owner_id", "account_id"),
    )


class KpiAccount(FrozenRow):
    """The dimensions of an account as its latest version says."""

    __tablename__ = "kpi_account"

    id: Annotated[UUID, identifier(primary_key=True)]
    region: Annotated[str | None, text(nullable=True)]
    customer_type: Annotated[str | None, text(nullable=True)]
    version: Annotated[int, Field(nullable=False)]


class KpiAccountTable(KpiAccount, Base, table=True):
    """Accounts."""


class KpiLead(FrozenRow):
    """A lead: when it came, and how and when it ended."""

    __tablename__ = "kpi_lead"

    id: Annotated[UUID, identifier(primary_key=True)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    created_on: Annotated[date | None, Field(nullable=True)]
    closed_on: Annotated[date | None, Field(nullable=True)]
    is_converted: Annotated[bool, Field(nullable=False)]
    sequence: Annotated[int, big_int(nullable=False)]


class KpiLeadTable(KpiLead, Base, table=True):
    """Leads."""

    __table_args__ = (
        sa.Index("ix_kpi_lead_created_on", "created_on"),
        sa.Index("ix_kpi_lead_closed_on", "closed_on"),
    )


class KpiCaseStep(FrozenRow):
    """What happened to a case on a day; `days_open` are those from its opening until then."""

    __tablename__ = "kpi_case_step"

    event_id: Annotated[UUID, identifier(primary_key=True)]
    case_id: Annotated[UUID, identifier(nullable=False)]
    account_id: Annotated[UUID | None, identifier(nullable=True)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    step: Annotated[CaseStep, text(nullable=False)]
    day: Annotated[date, Field(nullable=False)]
    days_open: Annotated[int, Field(nullable=False)]


class KpiCaseStepTable(KpiCaseStep, Base, table=True):
    """Steps of cases."""

    __table_args__ = (
        one_of("step", CaseStep),
        sa.Index("ix_kpi_case_step_day", "day"),
        sa.Index("ix_kpi_case_step_owner_id_day", "owner_id", "day"),
    )
