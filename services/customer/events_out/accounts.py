"""Accounts."""

from __future__ import annotations

from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published

ACCOUNT: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-000000000001",
    "stream_key": "01989f2e-0000-7000-8000-000000000001",
    "kind": "organization",
    "name": "Blue Harbour Trading",
    "region": "CN-SH",
    "customer_type": "retail",
    "owner_id": "01989f2e-0000-7000-8000-0000000000a1",
    "external_ids": {"erp": "C-1001"},
    "is_archived": False,
    "version": 1,
    "changed": [],
}


class AccountSnapshot(Part):
    """An account; `name` only of organisations."""

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


class AccountCreated(Published, AccountSnapshot):
    """An account was created."""

    TYPE: ClassVar[str] = "customer.account.created.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = ACCOUNT


class AccountUpdated(Published, AccountSnapshot):
    """An account was changed; `changed` names the fields."""

    TYPE: ClassVar[str] = "customer.account.updated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**ACCOUNT, "version": 2, "changed": ["region"]}


PUBLISHED: tuple[type[Published], ...] = (
    AccountCreated,
    AccountUpdated,
)
