"""Contracts and their versions as rows and as tables. `value`: minor units of `currency`, `value_base`: of the base
currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import (
    DECODED,
    FrozenRow,
    OwnedRow,
    big_int,
    identifier,
    moment,
    one_of,
    text,
)
from kit.db.columns import (
    document as json_document,
)
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.risk.contracts.enums import ClauseResult, ContractState, ContractType, Renewal
from services.risk.contracts.rules import Timing
from services.risk.db import Base


class Document(FrozenRow):
    """Where the text of a contract is, and its hash (SHA-256, hexadecimal)."""

    uri: str
    sha256: str


class Clause(FrozenRow):
    """A line of the checklist; `result` is None while it is open."""

    code: str
    title: str
    is_mandatory: bool
    result: ClauseResult | None = None
    evidence: str = ""
    answered_by: str | None = None


class Terms(FrozenRow):
    """What an amendment can change; without `ends_on` a contract is open, `renew_months` are those of a renewal."""

    value: Annotated[int, big_int(nullable=False)]
    ends_on: Annotated[date | None, Field(nullable=True)] = None
    notice_days: Annotated[int, Field(nullable=False)]
    renewal: Annotated[Renewal, text(nullable=False)]
    renew_months: Annotated[int | None, Field(nullable=True)] = None
    document: Annotated[Document | None, DECODED, json_document(nullable=True)] = None


TERMS = tuple(Terms.model_fields)


class ValuedTerms(Terms):
    """Terms with what the value is in base currency (None: the same, of an earlier release), by the rate of the day on
    which it was agreed."""

    exchange_rate: Annotated[str, text(nullable=False, sa_column_kwargs={"server_default": "1"})] = "1"
    value_base: Annotated[int | None, big_int(nullable=True)] = None

    @property
    def in_base(self) -> int:
        """The value in base currency."""
        return self.value if self.value_base is None else self.value_base


KEPT = tuple(ValuedTerms.model_fields)


class ContractColumns(ValuedTerms, OwnedRow):
    """What the table of contracts has: the terms signed last, which hold from `terms_from` on.

    `clauses` were judged of the document with `clauses_sha256`; `renewals` counts those since `ends_anchor`, the end
    that was agreed, `warned` the warnings of this term that are behind it; `due_at` is when a date brings about the
    next step.
    """

    __tablename__ = "contract"
    __text_keys__: ClassVar = TextKeys(name="title", also=("number",), codes=("number",))

    number: Annotated[str, text(nullable=False, unique=True)]
    title: Annotated[str, text(nullable=False)]
    type: Annotated[ContractType, text(nullable=False)]
    state: Annotated[ContractState, text(nullable=False)]
    account_id: Annotated[UUID | None, identifier(nullable=True)] = None
    partner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    stream_key: Annotated[UUID, identifier(nullable=False)]
    agreement_id: Annotated[UUID | None, identifier(nullable=True)] = None
    currency: Annotated[str, text(nullable=False)]
    starts_on: Annotated[date, Field(nullable=False)]
    authors: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    clauses: Annotated[tuple[Clause, ...], DECODED, json_document(nullable=False)]
    clauses_sha256: Annotated[str | None, text(nullable=True)] = None
    approved_by: Annotated[str | None, text(nullable=True)] = None
    approved_at: Annotated[datetime | None, moment(nullable=True)] = None
    signed_on: Annotated[date | None, Field(nullable=True)] = None
    terms_from: Annotated[date | None, Field(nullable=True)] = None
    ends_anchor: Annotated[date | None, Field(nullable=True)] = None
    renewals: Annotated[int, Field(nullable=False)] = 0
    warned: Annotated[int, Field(nullable=False)] = 0
    notice_given_on: Annotated[date | None, Field(nullable=True)] = None
    terminated_on: Annotated[date | None, Field(nullable=True)] = None
    termination_reason: Annotated[str | None, text(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None

    @property
    def timing(self) -> Timing:
        """What its dates rest on."""
        return Timing(
            self.state,
            self.starts_on,
            self.signed_on,
            self.ends_on,
            self.notice_days,
            self.renewal,
            self.notice_given_on,
            self.warned,
        )


class ContractTable(ContractColumns, TextKeyed, CodeKeyed, Base, table=True):
    """Contracts."""

    __table_args__ = (
        *key_indexes("contract", ContractColumns.__text_keys__),
        *code_indexes("contract", "number"),
        one_of("type", ContractType),
        one_of("state", ContractState),
        one_of("renewal", Renewal),
        sa.CheckConstraint("(account_id IS NULL) <> (partner_id IS NULL)", name="party"),
        sa.CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="dates"),
        sa.CheckConstraint(
            "renewal <> 'automatic' OR (ends_on IS NOT NULL AND renew_months IS NOT NULL)", name="automatic"
        ),
        sa.CheckConstraint("(state = 'terminated') = (terminated_on IS NOT NULL)", name="terminated_on"),
        sa.CheckConstraint("(signed_on IS NULL) = (terms_from IS NULL)", name="signed_on"),
        sa.Index("ix_contract_created_at_id", "created_at", "id"),
        sa.Index("ix_contract_account_id", "account_id"),
        sa.Index("ix_contract_partner_id", "partner_id"),
        sa.Index("ix_contract_due_at", "due_at", postgresql_where="due_at IS NOT NULL"),
        sa.Index("ix_contract_ends_on", "ends_on", postgresql_where="state IN ('signed', 'in_force')"),
    )


class Contract(ContractColumns):
    """A contract; `owner_id` is whoever owns the account or the partner."""

    owner_id: UUID | None = None


class ContractVersion(ValuedTerms):
    """Terms that hold from a day on until those of the next version; `id` is that of the amendment, if one."""

    __tablename__ = "contract_version"

    id: Annotated[UUID, identifier(primary_key=True)]
    contract_id: Annotated[UUID, identifier(nullable=False)]
    ordinal: Annotated[int, Field(nullable=False)]
    effective_from: Annotated[date, Field(nullable=False)]
    recorded_at: Annotated[datetime, moment(nullable=False)]


class ContractVersionTable(ContractVersion, Base, table=True):
    """Versions of contracts."""

    __table_args__ = (
        one_of("renewal", Renewal),
        sa.UniqueConstraint("contract_id", "ordinal"),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"]),
    )
