"""Signed, opaque positions in a list.

A cursor holds the sort values of the last row seen. Its signature also covers the list, the sort and
the filters, so a cursor made for another query is refused. Values are readable by who decodes it: they
are those of a row that the caller has just been shown.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

import orjson

from kit.errors import BadQuery, FieldError

_SIGNATURE = 16


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _sign(secret: bytes, query: bytes, payload: bytes) -> bytes:
    digest = hashlib.sha256(query).digest()
    return hmac.digest(secret, b"list-cursor" + digest + payload, "sha256")[:_SIGNATURE]


def _plain(value: object) -> object:
    """JSON has no NaN and no infinity: floats travel as text."""
    return repr(value) if isinstance(value, float) else value


def encode_cursor(secret: bytes, query: bytes, values: Sequence[object]) -> str:
    """The cursor after a row with these sort values; `query` identifies list, sort and filters."""
    payload = orjson.dumps([_plain(value) for value in values], default=str)
    return _encode(_sign(secret, query, payload) + payload)


def decode_cursor(secret: bytes, query: bytes, cursor: str) -> list[object]:
    """The sort values as JSON values; raises BadQuery when it was not made by `encode_cursor` for this query."""
    try:
        data = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except ValueError:
        data = b""
    signature, payload = data[:_SIGNATURE], data[_SIGNATURE:]
    # Base64 has several spellings of the same bytes; only ours is taken.
    if _encode(data) != cursor or not hmac.compare_digest(signature, _sign(secret, query, payload)):
        raise invalid_cursor()
    values: list[object] = orjson.loads(payload)
    return values


def invalid_cursor() -> BadQuery:
    """The refusal of a cursor."""
    detail = "the cursor is not one of this list with this sort and these filters"
    return BadQuery(errors=[FieldError("cursor", "invalid-cursor", detail)])
