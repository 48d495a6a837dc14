"""Leads as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, identifier, moment, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from services.customer.db import Base, OfOwner
from services.customer.leads.enums import LeadState

Bytes = Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)]


class LeadColumns(OwnedRow):
    """What the table of leads has in clear.

    `name` is the company, else the person. `score_version` is the version of the policy that the score is of,
    `score_rules` the labels of the rules that gave it. `created_on` and `converted_on` are the business days of
    `created_at` and `converted_at`, `days_to_convert` lie between them. `account_id`, `contact_id` and
    `opportunity_id` are what it was converted to.
    """

    __tablename__ = "lead"
    __text_keys__: ClassVar = TextKeys(
        name="name", also=("company", "person_name"), is_person=lambda row: not row["company"]
    )

    name: Annotated[str, text(nullable=False)]
    company: Annotated[str | None, text(nullable=True)] = None
    person_name: Annotated[str | None, text(nullable=True)] = None
    country: Annotated[str | None, text(nullable=True)] = None
    source: Annotated[str | None, text(nullable=True)] = None
    campaign: Annotated[str | None, text(nullable=True)] = None
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    state: Annotated[LeadState, text(nullable=False)] = LeadState.NEW
    score: Annotated[int, Field(nullable=False)] = 0
    score_version: Annotated[int, Field(nullable=False)] = 1
    score_rules: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)] = ()
    created_on: Annotated[date, Field(nullable=False)]
    disqualified_reason: Annotated[str | None, text(nullable=True)] = None
    account_id: Annotated[UUID | None, identifier(nullable=True, sa_column_args=(sa.ForeignKey("account.id"),))] = None
    contact_id: Annotated[UUID | None, identifier(nullable=True, sa_column_args=(sa.ForeignKey("contact.id"),))] = None
    opportunity_id: Annotated[
        UUID | None, identifier(nullable=True, sa_column_args=(sa.ForeignKey("opportunity.id"),))
    ] = None
    converted_at: Annotated[datetime | None, moment(nullable=True)] = None
    converted_on: Annotated[date | None, Field(nullable=True)] = None
    days_to_convert: Annotated[int | None, Field(nullable=True)] = None
    external_source: Annotated[str | None, text(nullable=True)] = None
    external_id: Annotated[str | None, text(nullable=True)] = None


class SealedLead(LeadColumns):
    """A lead as it is stored: address and number sealed under its own key, and found by hashes."""

    email: Bytes = None
    phone: Bytes = None
    email_index_1: Bytes = None
    email_index_2: Bytes = None
    phone_index_1: Bytes = None
    phone_index_2: Bytes = None


class Lead(LeadColumns):
    """Somebody who may become a customer."""

    email: str | None = None
    phone: str | None = None


class LeadTable(SealedLead, TextKeyed, OfOwner, Base, table=True):
    """Leads."""

    __table_args__ = (
        sa.UniqueConstraint("external_source", "external_id"),
        one_of("state", LeadState),
        sa.CheckConstraint("company IS NOT NULL OR person_name IS NOT NULL", name="named"),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        sa.CheckConstraint("(state = 'disqualified') = (disqualified_reason IS NOT NULL)", name="disqualified"),
        sa.CheckConstraint(
            "num_nulls(account_id, converted_at, converted_on, days_to_convert) = "
            "CASE WHEN state = 'converted' THEN 0 ELSE 4 END "
            "AND (state = 'converted' OR num_nulls(contact_id, opportunity_id) = 2)",
            name="converted",
        ),
        sa.CheckConstraint("(external_source IS NULL) = (external_id IS NULL)", name="external"),
        *key_indexes("lead", LeadColumns.__text_keys__, "owner_id"),
        sa.Index("ix_lead_created_at_id", "created_at", "id"),
        sa.Index("ix_lead_owner_id_created_at_id", "owner_id", "created_at", "id"),
        sa.Index("ix_lead_account_owner_id_created_at_id", "account_owner_id", "created_at", "id"),
        sa.Index("ix_lead_score_id", "score", "id"),
        sa.Index("ix_lead_account_id", "account_id", postgresql_where=sa.text("account_id IS NOT NULL")),
        sa.Index("ix_lead_contact_id", "contact_id", postgresql_where=sa.text("contact_id IS NOT NULL")),
        sa.Index("ix_lead_opportunity_id", "opportunity_id", postgresql_where=sa.text("opportunity_id IS NOT NULL")),
        *(
            sa.Index(f"ix_lead_{name}", name, postgresql_where=sa.text(f"{name} IS NOT NULL"))
            for name in ("email_index_1", "email_index_2", "phone_index_1", "phone_index_2")
        ),
    )
