"""Idempotency-Key: one effect and one answer, however often the request is sent.

The answer is stored in the transaction of the effect. A request that is refused leaves nothing.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

import orjson
import sqlalchemy as sa
from sqlmodel import Field, SQLModel
from starlette.responses import Response

from kit.db.columns import moment, text
from kit.db.database import Tx
from kit.errors import AppError, Conflict, FieldError, Invalid
from kit.ids import derived_id

KEEP_HOURS = 24
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_KEPT_HEADERS = ("etag", "location", "content-type")


class KeyInFlight(Conflict):
    code, title = "idempotency-key-in-flight", "A request with this Idempotency-Key is being worked"


class KeyReused(AppError):
    code, status, title = "idempotency-key-reused", 422, "This Idempotency-Key was used with another request"


class IdempotencyRow(SQLModel):
    """A stored answer."""

    __tablename__ = "idempotency_key"

    principal: str = text(primary_key=True)
    route: str = text(primary_key=True)
    key: str = text(primary_key=True)
    body_hash: str = text(nullable=False)
    status: int = Field(sa_type=sa.Integer, nullable=False)
    headers: str = text(nullable=False)
    body: str = text(nullable=False)
    created_at: datetime = moment(nullable=False, index=True, sa_column_kwargs={"server_default": sa.text("now()")})


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """Scope of one key: principal, method and concrete path, key, hash of query and body."""

    principal: str
    route: str
    key: str
    body_hash: str


def keyed_request(principal: str, method: str, path: str, query: str, key: str, body: bytes) -> KeyedRequest:
    """Checks the key's form (422 `invalid`) and hashes the request."""
    if not _KEY.fullmatch(key):
        detail = "1 to 200 visible ASCII characters"
        raise Invalid("Idempotency-Key is malformed", errors=[FieldError("Idempotency-Key", "malformed", detail)])
    digest = hashlib.sha256(query.encode() + b"\x00" + body).hexdigest()
    return KeyedRequest(principal, f"{method} {path}", key, digest)


async def begin(tx: Tx, request: KeyedRequest) -> Response | None:
    """The stored answer of an earlier request, or None when this one is to be worked.

    Raises KeyInFlight while another transaction works the same key, KeyReused for another body.
    """
    number = derived_id("idempotency", request.principal, request.route, request.key).int & (2**63 - 1)
    if not await tx.fetchval("SELECT pg_try_advisory_xact_lock($1)", number):
        raise KeyInFlight(headers={"Retry-After": "1"})
    row = await tx.fetchrow(
        "SELECT body_hash, status, headers, body FROM idempotency_key WHERE principal = $1 AND route = $2 AND key = $3 "
        f"AND created_at > now() - interval '{KEEP_HOURS} hours'",
        request.principal,
        request.route,
        request.key,
    )
    if row is None:
        return None
    if row["body_hash"] != request.body_hash:
        raise KeyReused()
    headers = {**orjson.loads(row["headers"]), "Idempotency-Replayed": "true"}
    return Response(row["body"].encode(), status_code=row["status"], headers=headers)


async def store(tx: Tx, request: KeyedRequest, response: Response) -> None:
    """Keep the answer with the effect."""
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    await tx.execute(
        "INSERT INTO idempotency_key (principal, route, key, body_hash, status, headers, body) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (principal, route, key) DO UPDATE SET "
        "body_hash = excluded.body_hash, status = excluded.status, headers = excluded.headers, "
        "body = excluded.body, created_at = now()",
        request.principal,
        request.route,
        request.key,
        request.body_hash,
        response.status_code,
        orjson.dumps(headers).decode(),
        bytes(response.body).decode(),
    )
