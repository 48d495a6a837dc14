"""Accounts and their ids in other systems, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from kit.tax_ids import TAX_ID_VERSION
from services.customer.accounts.enums import (
    AccountKind,
    CustomerType,
    IndustryScheme,
    LifecycleStage,
    SatisfactionLevel,
    SizeClass,
    SourceChannel,
    TenureClass,
)
from services.customer.db import Base
from services.customer.persons.enums import LawfulBasis
from services.customer.policies.enums import Grade


class Industry(FrozenRow):
    """A code of a classification of industries."""

    scheme: IndustryScheme
    code: str


class AccountColumns(OwnedRow):
    """What the table of accounts has.

    The database takes care that `customer_type` holds nothing else: what release 0.1.0 writes there, which is the
    company's own word, goes to `business_type`, and the type is decided anew (null: not yet).

    `phone_on`, `size_on`: as of when these are known; `invalid_weight`: of what is there and fails today's validators
    (null: not judged yet).

    Grades and `tenure_class` are those of the last grading run that counts, `lifecycle_stage` is that of its lifecycle,
    `satisfaction_level` that of the answers of a year (null: there are none); giving them is no change of
    the account's.

    A person's phone and address stand sealed (`accounts/sealing.py`), an organisation's in clear.

    `custom` are the values of custom fields by key (`custom_fields/`), decimals and dates as texts.

    `merged_into` is the account that it was merged into by `merge_id`; `root_id` is where that leads in the end, one
    hop away (null: it is its own).
    """

    __tablename__ = "account"
    __text_keys__: ClassVar = TextKeys(
        name="name", also=("local_name",), is_person=lambda row: row["kind"] == AccountKind.PERSON, told_by=("kind",)
    )

    stream_key: Annotated[UUID, identifier(nullable=False)]
    kind: Annotated[AccountKind, text(nullable=False)]
    name: Annotated[str, text(nullable=False)]
    local_name: Annotated[str | None, text(nullable=True)] = None
    tax_id: Annotated[str | None, text(nullable=True)] = None
    country: Annotated[str | None, text(nullable=True)] = None
    region: Annotated[str | None, text(nullable=True)] = None
    customer_type: Annotated[CustomerType | None, text(nullable=True)] = None
    business_type: Annotated[str | None, text(nullable=True)] = None
    last_order_date: Annotated[date | None, Field(nullable=True)] = None
    industry: Annotated[Industry | None, DECODED, document(nullable=True)] = None
    employees: Annotated[int | None, big_int(nullable=True)] = None
    annual_revenue_base: Annotated[int | None, big_int(nullable=True)] = None
    size_class: Annotated[SizeClass | None, text(nullable=True)] = None
    website: Annotated[str | None, text(nullable=True)] = None
    domain: Annotated[str | None, text(nullable=True)] = None
    phone: Annotated[str | None, text(nullable=True)] = None
    address: Annotated[str | None, text(nullable=True)] = None
    sealed_phone: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None
    sealed_address: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None
    phone_index_1: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None
    phone_index_2: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None
    phone_on: Annotated[date | None, Field(nullable=True)] = None
    size_on: Annotated[date | None, Field(nullable=True)] = None
    invalid_weight: Annotated[int | None, Field(nullable=True)] = None
    quality_score: Annotated[float | None, Field(sa_type=sa.Double, nullable=True)] = None
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    tags: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    grade: Annotated[Grade | None, text(nullable=True)] = None
    revenue_grade: Annotated[Grade | None, text(nullable=True)] = None
    profit_grade: Annotated[Grade | None, text(nullable=True)] = None
    tenure_class: Annotated[TenureClass | None, text(nullable=True)] = None
    satisfaction_level: Annotated[SatisfactionLevel | None, text(nullable=True)] = None
    lifecycle_stage: Annotated[
        LifecycleStage, text(nullable=False, sa_column_kwargs={"server_default": LifecycleStage.POTENTIAL})
    ] = LifecycleStage.POTENTIAL
    custom: Annotated[
        dict[str, Any], DECODED, document(nullable=False, sa_column_kwargs={"server_default": sa.text("'{}'")})
    ] = {}  # noqa: RUF012  # never changed in place
    archived_at: Annotated[datetime | None, moment(nullable=True)] = None
    merged_into: Annotated[UUID | None, identifier(nullable=True)] = None
    merge_id: Annotated[UUID | None, identifier(nullable=True)] = None
    root_id: Annotated[UUID | None, identifier(nullable=True)] = None


class TaxKeyed(SQLModel):
    """Columns of the table by which tax ids are unique and found: the key, what it was made of (null: not made yet),
    and whether another organisation had the number before that was a rule."""

    tax_id_key: Annotated[str | None, text(nullable=True)] = None
    tax_id_of: Annotated[str | None, text(nullable=True)] = None
    is_tax_id_twin: Annotated[bool, Field(nullable=False, sa_column_kwargs={"server_default": sa.false()})] = False


TAX_ID_TO_KEY = f"tax_id IS NOT NULL AND tax_id_of IS DISTINCT FROM '{TAX_ID_VERSION} ' || country || ' ' || tax_id"
"""Condition of the rows whose key is to be made."""


class AccountTable(AccountColumns, TextKeyed, TaxKeyed, Base, table=True):
    """Accounts."""

    __table_args__ = (
        sa.Index(
            "uq_account_tax_id_country",
            "tax_id",
            "country",
            unique=True,
            postgresql_where=sa.text("kind = 'organization'"),
        ),
        sa.Index(
            "uq_account_tax_id_key_country",
            "tax_id_key",
            "country",
            unique=True,
            postgresql_where=sa.text("kind = 'organization' AND NOT is_tax_id_twin"),
        ),
        sa.Index("ix_account_tax_id_key", "tax_id_key"),
        sa.Index("ix_account_tax_id_to_key", "id", postgresql_where=sa.text(TAX_ID_TO_KEY)),
        one_of("kind", AccountKind),
        *(one_of(name, Grade) for name in ("grade", "revenue_grade", "profit_grade")),
        one_of("tenure_class", TenureClass),
        one_of("lifecycle_stage", LifecycleStage),
        one_of("satisfaction_level", SatisfactionLevel),
        sa.CheckConstraint("tax_id IS NULL OR country IS NOT NULL", name="tax_id_has_country"),
        sa.CheckConstraint("kind = 'organization' OR phone IS NULL", name="phone_in_clear"),
        sa.CheckConstraint("kind = 'organization' OR address IS NULL", name="address_in_clear"),
        sa.Index("ix_account_phone", "phone", postgresql_where=sa.text("phone IS NOT NULL")),
        sa.Index("ix_account_phone_index_1", "phone_index_1", postgresql_where=sa.text("phone_index_1 IS NOT NULL")),
        sa.Index("ix_account_phone_index_2", "phone_index_2", postgresql_where=sa.text("phone_index_2 IS NOT NULL")),
        *key_indexes("account", AccountColumns.__text_keys__, "owner_id"),
        sa.Index("ix_account_created_at_id", "created_at", "id"),
        sa.Index("ix_account_owner_id_created_at_id", "owner_id", "created_at", "id"),
        sa.Index("ix_account_last_order_date_id", "last_order_date", "id"),
        sa.Index("ix_account_quality_score_id", "quality_score", "id"),
        sa.Index("ix_account_merged_into", "merged_into", postgresql_where=sa.text("merged_into IS NOT NULL")),
        sa.Index("ix_account_root_id", "root_id", postgresql_where=sa.text("root_id IS NOT NULL")),
        sa.Index("ix_account_leads_to", sa.text("coalesce(root_id, id)")),
        sa.Index("ix_account_unweighed", "id", postgresql_where=sa.text("invalid_weight IS NULL")),
    )


class Source(FrozenRow):
    """Where something came from, when it was collected there, and why it may be kept."""

    channel: Annotated[SourceChannel | None, text(nullable=True)] = None
    collected_on: Annotated[date | None, Field(nullable=True)] = None
    lawful_basis: Annotated[LawfulBasis | None, text(nullable=True)] = None


class AccountFact(Source):
    """A write of an account: its `fields`, and what they were then (`known`, without personal values)."""

    __tablename__ = "account_fact"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    account_version: Annotated[int, Field(nullable=False)]
    fields: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    known: Annotated[dict[str, Any], DECODED, document(nullable=False)]
    recorded_by: Annotated[str, text(nullable=False)]
    recorded_at: Annotated[datetime, moment(nullable=False)]


class AccountFactTable(AccountFact, Base, table=True):
    """What was written of accounts, and where it came from."""

    __table_args__ = (sa.Index(None, "account_id", "recorded_at", "id"),)


class AccountOwner(FrozenRow):
    """Who has an account from `since` on, until the next of its rows; the database adds one whenever the owner changes.

    `recorded_by` gave it to them, by the hand-over of many `transfer_id`; null where that is not known, or was none.
    """

    __tablename__ = "account_owner"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    account_version: Annotated[int, Field(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    since: Annotated[datetime, moment(nullable=False)]
    recorded_by: Annotated[str | None, text(nullable=True)] = None
    transfer_id: Annotated[UUID | None, identifier(nullable=True)] = None


class AccountOwnerTable(AccountOwner, Base, table=True):
    """Who had accounts, from when on."""

    __table_args__ = (sa.UniqueConstraint("account_id", "account_version"),)


class Nightly(FrozenRow):
    """A job that is begun at the start of each business day."""

    __tablename__ = "nightly"

    id: Annotated[UUID, identifier(primary_key=True)]
    name: Annotated[str, text(nullable=False)]
    due_at: Annotated[datetime, moment(nullable=False)]


class NightlyTable(Nightly, Base, table=True):
    """Jobs of every night."""

    __table_args__ = (sa.UniqueConstraint("name"), sa.Index("ix_nightly_due_at", "due_at"))


class TypeCheck(FrozenRow):
    """The customer type of an account is decided anew at `due_at`; rows are only added, by triggers too, and taken."""

    __tablename__ = "customer_type_check"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    due_at: Annotated[datetime, moment(nullable=False)]


class TypeCheckTable(TypeCheck, Base, table=True):
    """Accounts whose customer type is decided anew."""

    __table_args__ = (sa.Index("ix_customer_type_check_due_at", "due_at"), sa.Index(None, "account_id", "due_at"))


class AccountExternalId(FrozenRow):
    """The account's id in another system, at most one per system."""

    __tablename__ = "account_external_id"

    source: Annotated[str, text(primary_key=True)]
    external_id: Annotated[str, text(primary_key=True)]
    account_id: Annotated[
        UUID,
        identifier(
            nullable=False, sa_column_args=(sa.ForeignKey("account.id", deferrable=True, initially="DEFERRED"),)
        ),
    ]


class AccountExternalIdTable(AccountExternalId, Base, table=True):
    """Ids of accounts in other systems."""

    __table_args__ = (sa.UniqueConstraint("account_id", "source"),)


class Account(AccountColumns):
    """A customer; `stream_key` keys all its events and never changes, `external_ids` maps source -> id there."""

    external_ids: Annotated[dict[str, str], DECODED]
    root_owner_id: UUID | None = None

    @property
    def seen_by(self) -> UUID | None:
        """Whose record scope decides who sees it: its owner's; of one that was merged, the owner of its root."""
        return self.owner_id if self.root_id is None else self.root_owner_id

    @property
    def leads_to(self) -> UUID:
        """The account that it reads as: itself, or its root."""
        return self.root_id or self.id

    @property
    def is_archived(self) -> bool:
        """Whether it takes no more changes and orders."""
        return self.archived_at is not None

    @property
    def is_organization(self) -> bool:
        """Whether its name and tax id are no person's."""
        return self.kind is AccountKind.ORGANIZATION
