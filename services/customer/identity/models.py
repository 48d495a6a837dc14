"""Keys of accounts, accounts that are still to be compared, and pairs that may be one, as rows and tables."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, one_of, text
from services.customer.db import Base
from services.customer.identity.enums import CandidateState, IdentityVerdict, TaxIds


class Compared(NamedTuple):
    """What of an account is compared, and whose it is."""

    id: UUID
    kind: str
    name: str
    local_name: str | None
    country: str | None
    tax_id_key: str | None
    domain: str | None
    phone: str | None
    address: str | None
    phone_index_1: bytes | None
    phone_index_2: bytes | None
    owner_id: UUID | None


class IdentityKey(FrozenRow):
    """A key of an account (`identity/rules.py`): accounts that share one are compared."""

    __tablename__ = "identity_key"

    key: Annotated[int, big_int(primary_key=True)]
    account_id: Annotated[UUID, identifier(primary_key=True)]
    words: Annotated[int, Field(nullable=False)]


class IdentityKeyTable(IdentityKey, Base, table=True):
    """Keys of accounts."""

    __table_args__ = (sa.Index("ix_identity_key_account_id", "account_id"),)


class IdentityCheck(FrozenRow):
    """An account is compared with all others; rows are only added, by triggers, and taken."""

    __tablename__ = "identity_check"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    due_at: Annotated[datetime, moment(nullable=False)]


class IdentityCheckTable(IdentityCheck, Base, table=True):
    """Accounts to be compared."""

    __table_args__ = (sa.Index("ix_identity_check_due_at", "due_at"),)


class Factors(FrozenRow):
    """Why a score is what it is: name = brand * trade * place, and what else two accounts share."""

    name: float
    brand: float
    trade: float
    place: float
    is_same_phone: bool
    is_same_domain: bool
    is_same_address: bool
    tax_ids: TaxIds


class DuplicateCandidate(OwnedRow):
    """Two accounts that may be one; `first_id` is the lesser id. `basis` is a hash of the keys of both that were
    compared: with another one a dismissed pair is open again."""

    __tablename__ = "duplicate_candidate"

    first_id: Annotated[UUID, identifier(nullable=False)]
    second_id: Annotated[UUID, identifier(nullable=False)]
    score: Annotated[float, Field(sa_type=sa.Double, nullable=False)]
    verdict: Annotated[IdentityVerdict, text(nullable=False)]
    factors: Annotated[Factors, DECODED, document(nullable=False)]
    state: Annotated[CandidateState, text(nullable=False)]
    basis: Annotated[int, big_int(nullable=False)]
    dismissed_by: Annotated[str | None, text(nullable=True)] = None
    dismissed_at: Annotated[datetime | None, moment(nullable=True)] = None
    reason: Annotated[str | None, text(nullable=True)] = None


class DuplicateCandidateTable(DuplicateCandidate, Base, table=True):
    """Pairs of accounts that may be one."""

    __table_args__ = (
        one_of("verdict", IdentityVerdict),
        one_of("state", CandidateState),
        sa.CheckConstraint("first_id < second_id", name="ordered"),
        sa.UniqueConstraint("first_id", "second_id"),
        sa.Index("ix_duplicate_candidate_second_id", "second_id"),
        sa.Index("ix_duplicate_candidate_score_id", "score", "id"),
        sa.Index("ix_duplicate_candidate_created_at_id", "created_at", "id"),
    )
