"""Accounts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import KeyedHash, Part, Published, ReasonCode, sample_id

ACCOUNT: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-000000000001",
    "stream_key": "01989f2e-0000-7000-8000-000000000001",
    "kind": "organization",
    "name": "Blue Harbour Trading",
    "region": "CN-SH",
    "customer_type": "existing",
    "owner_id": "01989f2e-0000-7000-8000-0000000000a1",
    "external_ids": {"erp": "C-1001"},
    "is_archived": False,
    "version": 1,
    "changed": [],
    "name_key": "blueharbour",
    "tax_id_hash": "6f1ed002ab5595859014ebf0951522d96f1ed002ab5595859014ebf0951522d9",
    "domain_hash": "8b1a9953c4611296a827abf8c47804d78b1a9953c4611296a827abf8c47804d7",
    "country": "CN",
    "industry": {"scheme": "gbt4754", "code": "51"},
    "size_class": "small",
    "business_type": "retail",
}


class Industry(Part):
    """A code of an industry classification."""

    scheme: Literal["gbt4754", "isic"]
    code: ReasonCode


class AccountSnapshot(Part):
    """An account; `name`, `name_key` (the folded name) and the hashes only of organisations.

    `customer_type` is new, existing or dormant; `business_type` is what the company calls it.
    """

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"

    id: UUID
    stream_key: UUID
    kind: Literal["organization", "person"]
    name: str | None
    region: str | None
    customer_type: str | None
    owner_id: UUID | None
    external_ids: dict[str, str]
    is_archived: bool
    version: int
    changed: list[str]
    name_key: str | None = None
    tax_id_hash: KeyedHash | None = None
    domain_hash: KeyedHash | None = None
    country: str | None = None
    industry: Industry | None = None
    size_class: Literal["large", "medium", "small", "micro"] | None = None
    business_type: ReasonCode | None = None


class AccountCreated(Published, AccountSnapshot):
    """An account was created."""

    TYPE: ClassVar[str] = "customer.account.created.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = ACCOUNT


class AccountUpdated(Published, AccountSnapshot):
    """An account was changed; `changed` names the fields."""

    TYPE: ClassVar[str] = "customer.account.updated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**ACCOUNT, "version": 2, "changed": ["region"]}


class AccountRedirect(Part):
    """A merge or its end, said once under the stream key of each of the two accounts with the same `merge_id`.

    `account_id` and `stream_key` are those of this copy; everything else is equal in both. The first copy that arrives
    takes effect, the second is nothing: a `merge_id` only moves from none to merged to unmerged.
    """

    SUBJECT: ClassVar[str] = "account_id"
    KEY: ClassVar[str] = "stream_key"

    merge_id: UUID
    account_id: UUID
    stream_key: UUID
    survivor_id: UUID
    survivor_stream_key: UUID
    merged_id: UUID
    merged_stream_key: UUID
    merged_at: datetime
    owner_id: UUID | None
    business_date: date


_REDIRECT: dict[str, Any] = {
    "merge_id": sample_id("1c"),
    "account_id": sample_id("1"),
    "stream_key": sample_id("1"),
    "survivor_id": sample_id("1"),
    "survivor_stream_key": sample_id("1"),
    "merged_id": sample_id("1d"),
    "merged_stream_key": sample_id("1d"),
    "merged_at": "2026-02-14T03:04:05.123456Z",
    "owner_id": ACCOUNT["owner_id"],
    "business_date": "2026-02-14",
}


class AccountMerged(Published, AccountRedirect):
    """An account reads as another one from now on; keys and ids stay. `owner_id` is the survivor's."""

    TYPE: ClassVar[str] = "customer.account.merged.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _REDIRECT


class AccountUnmerged(Published, AccountRedirect):
    """A merge was taken back; whatever was filed under the merged account is its own again."""

    unmerged_at: datetime

    TYPE: ClassVar[str] = "customer.account.unmerged.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_REDIRECT, "unmerged_at": "2026-02-15T03:04:05.123456Z"}


class AccountErased(Published):
    """The personal data of an account is gone; its figures stay. Ids and dates only."""

    id: UUID
    stream_key: UUID
    erased_at: datetime
    owner_id: UUID | None
    version: int
    business_date: date

    TYPE: ClassVar[str] = "customer.account.erased.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": ACCOUNT["id"],
        "stream_key": ACCOUNT["stream_key"],
        "erased_at": "2026-02-14T03:04:05.123456Z",
        "owner_id": ACCOUNT["owner_id"],
        "version": 3,
        "business_date": "2026-02-14",
    }


PUBLISHED: tuple[type[Published], ...] = (
    AccountCreated,
    AccountUpdated,
    AccountMerged,
    AccountUnmerged,
)
AGREED: tuple[type[Published], ...] = (AccountErased,)
