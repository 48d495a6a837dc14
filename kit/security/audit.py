"""Who did what to which resource and why: a row in the transaction of the change, gone with it.

Personal fields are stored as keyed hashes: one sees that a value changed, and may confirm a known one,
without the value being there. `prev_hash` and `hash` stay empty until a sealer chains the rows.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from kit.db.columns import document, moment, text
from kit.db.database import Tx
from kit.security.pii import SENSITIVE_FIELDS
from kit.telemetry.logging import request_id
from kit.telemetry.tracing import trace_id

HASH_PREFIX = "hmac-sha256:"
_PLAIN = frozenset({str, int, float, bool, type(None)})
"""Most values; asking whether each is a mapping would take longer than the rest."""


class AuditRow(SQLModel):
    """Column mixin of a service's audit table; kit's SQL uses its name, `audit_log`."""

    __tablename__ = "audit_log"

    @declared_attr.directive
    def __table_args__(cls) -> Any:
        return (sa.Index("ix_audit_log_resource", "resource", "resource_id", "id"),)

    id: int | None = Field(
        default=None, primary_key=True, sa_type=sa.BigInteger, sa_column_args=(sa.Identity(always=True),)
    )
    at: datetime = moment(nullable=False, sa_column_kwargs={"server_default": sa.text("now()")})
    actor: str = text(nullable=False)
    roles: list[str] = Field(sa_type=sa.ARRAY(sa.Text), nullable=False)
    action: str = text(nullable=False)
    resource: str = text(nullable=False)
    resource_id: str = text(nullable=False)
    before: str | None = document(nullable=True, default=None)
    after: str | None = document(nullable=True, default=None)
    reason: str = text(nullable=False)
    request_id: str = text(nullable=False)
    trace_id: str = text(nullable=False)
    prev_hash: str | None = text(nullable=True, default=None)
    hash: str | None = text(nullable=True, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing done: `before` is None for a creation, `after` None for a removal; values are JSON types."""

    actor: str
    action: str
    resource: str
    resource_id: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str = ""
    roles: Sequence[str] = ()


_INSERT = """
INSERT INTO audit_log (actor, roles, action, resource, resource_id, before, after, reason, request_id, trace_id)
SELECT actor, roles, action, resource, resource_id, before, after, reason, request_id, trace_id
FROM ROWS FROM (json_to_recordset($1::json) AS (
    actor text, roles text[], action text, resource text, resource_id text, before jsonb, after jsonb, reason text,
    request_id text, trace_id text
)) WITH ORDINALITY ORDER BY ordinality
"""


async def record_many(
    tx: Tx, entries: Sequence[AuditEntry], *, key: bytes, pii: frozenset[str] = SENSITIVE_FIELDS
) -> None:
    """Write the entries in their order at the end of the caller's transaction.

    Fields named in `pii`, at any depth, are stored as `keyed_hash`. Raises ValueError for an empty key.
    """
    if not entries:
        return
    request, trace = request_id(), trace_id()
    rows = [
        {
            "actor": entry.actor,
            "roles": sorted(entry.roles),
            "action": entry.action,
            "resource": entry.resource,
            "resource_id": entry.resource_id,
            "before": protect(entry.before, key, pii),
            "after": protect(entry.after, key, pii),
            "reason": entry.reason,
            "request_id": request,
            "trace_id": trace,
        }
        for entry in entries
    ]
    tx.append(_INSERT, rows)


async def record(
    tx: Tx,
    *,
    actor: str,
    action: str,
    resource: str,
    resource_id: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    key: bytes,
    reason: str = "",
    roles: Sequence[str] = (),
    pii: frozenset[str] = SENSITIVE_FIELDS,
) -> None:
    """Write one entry in the caller's transaction (see `record_many`)."""
    entry = AuditEntry(
        actor=actor,
        action=action,
        resource=resource,
        resource_id=resource_id,
        before=before,
        after=after,
        reason=reason,
        roles=roles,
    )
    await record_many(tx, [entry], key=key, pii=pii)


def keyed_hash(field: str, value: object, key: bytes) -> str:
    """HMAC-SHA256 of field name and canonical JSON value: equal values of one field have equal hashes."""
    if not key:
        raise ValueError("the audit key is empty")
    canonical = orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS)
    return HASH_PREFIX + hmac.new(key, field.encode() + b"\x00" + canonical, hashlib.sha256).hexdigest()


def protect(value: Any, key: bytes, pii: frozenset[str]) -> Any:
    """The value with every non-null field named in `pii` replaced by its keyed hash, at any depth."""
    if not key:
        raise ValueError("the audit key is empty")
    if isinstance(value, Mapping):
        return {
            name: keyed_hash(name, item, key)
            if name in pii and item is not None
            else (item if type(item) in _PLAIN else protect(item, key, pii))
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [protect(item, key, pii) for item in value]
    return value
