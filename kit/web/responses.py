"""Answers as bytes; their schema is declared on the route for OpenAPI."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from pydantic import BaseModel
from starlette.responses import Response

from kit.db.columns import OwnedRow
from kit.web.context import answer_headers


def encode(value: object) -> bytes:
    """JSON bytes of models, rows and plain values (jsonb columns are passed as orjson.Fragment)."""
    if isinstance(value, BaseModel):
        return value.__pydantic_serializer__.to_json(value)
    return orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def json_answer(
    value: object, status: int = 200, *, version: int | None = None, location: str | None = None
) -> Response:
    """A JSON answer with ETag and Location."""
    body = value if isinstance(value, bytes) else encode(value)
    headers: dict[str, Any] = answer_headers(version, location)
    return Response(body, status_code=status, media_type="application/json", headers=headers)


@lru_cache(maxsize=512)
def _shown(schema: type[BaseModel]) -> set[str]:
    return set(schema.model_fields)


def row_answer(
    schema: type[BaseModel], row: OwnedRow, made_under: str | None = None, more: Mapping[str, object] | None = None
) -> Response:
    """The row as its Read schema shows it (a field of the row by each name), with its ETag.

    `made_under` is the path of the collection in which it was just made: 201 and its Location. `more` are fields that
    are not the row's own, or another than its.
    """
    body = row.__pydantic_serializer__.to_json(row, include=_shown(schema))
    if more:
        body = encode({**orjson.loads(body), **more})
    location = None if made_under is None else f"{made_under}/{row.id}"
    return json_answer(body, 200 if location is None else 201, version=row.version, location=location)
