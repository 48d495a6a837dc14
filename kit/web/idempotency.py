"""Idempotency-Key: one effect and one answer, however often the request is sent.

The answer is stored in the transaction of the effect. A request that is refused leaves nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import asyncpg
import orjson
import sqlalchemy as sa
from sqlmodel import Field, SQLModel
from starlette.responses import Response

from kit.db.columns import moment, text
from kit.db.database import Tx
from kit.errors import AppError, Conflict, FieldError, Invalid
from kit.ids import derived_id
from kit.security.cipher import DataKey, Place

KEEP_HOURS = 24
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_ID = r"(?:urn:uuid:)?\{?([0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12})\}?"
_WHOLE_ID, _SAID_ID = re.compile(_ID), re.compile(rf'(?<!\\)"{_ID}"'.encode())
_KEPT_HEADERS = ("etag", "location", "content-type")


class KeyInFlight(Conflict):
    code, title = "idempotency-key-in-flight", "A request with this Idempotency-Key is being worked"
    retryable = True


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
    """Scope of one key: principal, method and concrete path, key, hash of query and body as they are meant, and as
    they are written (what 0.1.0 has kept); `cipher` seals an answer that may hold personal values."""

    principal: str
    route: str
    key: str
    body_hash: str
    written_hash: str
    cipher: DataKey | None = None

    @property
    def id(self) -> UUID:
        """The same for the same key of the same principal and route."""
        return derived_id("idempotency", self.principal, self.route, self.key)

    def kept(self, body: str) -> str:
        """An answer as it is stored."""
        if self.cipher is None:
            return body
        return base64.b64encode(self.cipher.seal(body, self._place())).decode()

    def given(self, kept: str) -> bytes:
        """An answer as it was; raises CannotOpen."""
        if self.cipher is None:
            return kept.encode()
        return self.cipher.open(base64.b64decode(kept), self._place()).encode()

    def _place(self) -> Place:
        return Place(IdempotencyRow.__tablename__, "body", self.id)


def keyed_request(principal: str, method: str, path: str, query: str, keys: Sequence[str], body: bytes) -> KeyedRequest:
    """Checks that there is one key and its form (422 `invalid`), and hashes the request."""
    key = keys[0] if len(keys) == 1 else ""
    if not _KEY.fullmatch(key):
        detail = "one header of 1 to 200 visible ASCII characters"
        raise Invalid("Idempotency-Key is malformed", errors=[FieldError("Idempotency-Key", "malformed", detail)])
    both = ((_asked(query), _meant(body)), (query.encode(), body))
    meant, written = (hashlib.sha256(asked + b"\x00" + said).hexdigest() for asked, said in both)
    return KeyedRequest(principal, f"{method} {path}", key, meant, written)


def _asked(query: str) -> bytes:
    """A query string whatever order, percent signs and spelling of ids it is written with."""
    parts = parse_qsl(query, keep_blank_values=True)
    plain = [(name, str(UUID(found[1])) if (found := _WHOLE_ID.fullmatch(said)) else said) for name, said in parts]
    return urlencode(sorted(plain)).encode()


def _meant(body: bytes) -> bytes:
    """A JSON body whatever white space, order of fields and spelling of ids it is written with, ids that are names of
    fields among them."""
    try:
        said = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    except ValueError:
        return body
    plain = _SAID_ID.sub(lambda found: f'"{UUID(found[1].decode())}"'.encode(), said)
    return said if plain == said else orjson.dumps(orjson.loads(plain), option=orjson.OPT_SORT_KEYS)


_BEGIN = f"""
SELECT pg_try_advisory_xact_lock($1) AS is_mine, k.body_hash, k.status, k.headers, k.body,
       k.created_at <= now() - interval '{KEEP_HOURS} hours' AS is_over, {{also}} AS also
FROM (SELECT) one LEFT JOIN idempotency_key k ON k.principal = $2 AND k.route = $3 AND k.key = $4
"""
_ANSWERED = "SELECT FROM idempotency_key WHERE principal = $1 AND route = $2 AND key = $3"
_FORGET = "DELETE FROM idempotency_key WHERE principal = $1 AND route = $2 AND key = $3"
_KEEP = """
INSERT INTO idempotency_key (principal, route, key, body_hash, status, headers, body)
SELECT principal, route, key, body_hash, status, headers, body
FROM json_populate_recordset(NULL::idempotency_key, $1::json)
"""


def is_race(error: asyncpg.UniqueViolationError) -> bool:
    """Whether another request with the same key committed just before `begin` looked: to be worked again."""
    return bool(error.table_name == IdempotencyRow.__tablename__)


async def begin(
    tx: Tx, request: KeyedRequest, also: str = "NULL", args: Sequence[object] = ()
) -> tuple[Response | None, Any]:
    """The stored answer of an earlier request, or None when this one is to be worked; and the value of the SQL
    expression `also` (its parameters from $5 on are `args`), so that it costs no statement of its own.

    Raises KeyInFlight while another transaction works the same key, KeyReused for another body.
    """
    number = request.id.int & (2**63 - 1)
    key = (request.principal, request.route, request.key)
    row = await tx.fetchrow(_BEGIN.replace("{also}", also), number, *key, *args)
    assert row is not None
    if not row["is_mine"]:
        raise KeyInFlight(headers={"Retry-After": "1"})
    if row["body_hash"] is None:
        return None, row["also"]
    if row["is_over"]:
        await tx.execute(_FORGET, *key)
        return None, row["also"]
    if row["body_hash"] not in (request.body_hash, request.written_hash):
        raise KeyReused()
    headers = {**orjson.loads(row["headers"]), "Idempotency-Replayed": "true"}
    return Response(request.given(row["body"]), status_code=row["status"], headers=headers), None


async def is_answered(tx: Tx, request: KeyedRequest) -> bool:
    """Whether a request with this key has its answer: what refuses the same again may be what that one did."""
    return await tx.fetchrow(_ANSWERED, request.principal, request.route, request.key) is not None


def store(tx: Tx, request: KeyedRequest, response: Response) -> None:
    """Keep the answer with the effect. The commit fails (`is_race`) when the key has an answer already."""
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    row = {
        "principal": request.principal,
        "route": request.route,
        "key": request.key,
        "body_hash": request.body_hash,
        "status": response.status_code,
        "headers": orjson.dumps(headers).decode(),
        "body": request.kept(bytes(response.body).decode()),
    }
    tx.append(_KEEP, [row])
