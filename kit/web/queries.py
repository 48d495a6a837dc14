"""Parameters of a query that a route does not know: refused, as those of a list are."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from kit.errors import BadQuery, FieldError


def parameters_of(dependant: Dependant) -> frozenset[str]:
    """Names of the query parameters that a route and its dependencies take."""
    return frozenset(_names(dependant))


def _names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        kind: Any = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (info.alias or name for name, info in kind.model_fields.items())
        else:
            yield field.alias
    for inner in dependant.dependencies:
        yield from _names(inner)


def refuse_others(request: Request, known: Collection[str]) -> None:
    """Raises BadQuery that names each parameter of the request that is not one of `known`."""
    others = sorted(set(request.query_params) - set(known))
    if others:
        raise BadQuery(
            errors=[
                FieldError(
                    name[:100].encode(errors="replace").decode(), "unknown-parameter", "there is no such parameter"
                )
                for name in others[:50]
            ]
        )


async def known_only(request: Request) -> None:
    """Dependency of a route without a transaction: `refuse_others` with what the route takes."""
    if request.scope["query_string"]:
        refuse_others(request, parameters_of(request.scope["route"].dependant))
