"""List endpoints: the query string becomes one page of a list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel, create_model
from starlette.responses import Response

from kit.db.lists import (
    Branch,
    ListSpec,
    fetch_item,
    fetch_page,
    next_link,
    openapi_parameters,
    page_body,
    parse_query,
)
from kit.errors import NotFound
from kit.security.principals import owned_rows
from kit.web.context import Context, visible
from kit.web.responses import json_answer
from kit.web.schema import ABSENT, Schema


async def list_answer(
    context: Context,
    spec: ListSpec,
    where: str = "TRUE",
    args: Sequence[object] = (),
    branches: Sequence[Branch] = (),
    *,
    extra: Collection[str] = (),
    show: Callable[[list[dict[str, Any]]], Awaitable[None]] | None = None,
) -> Response:
    """The page that the request's parameters ask for, among the rows of the record scope `where`/`args` (`branches`:
    see `fetch_page`); `extra` names parameters that the route reads itself, `show` makes what is shown of what was
    read."""
    params = context.request.query_params.multi_items()
    query, secret = parse_query(spec, params, extra=extra), context.runtime.secret
    page = await fetch_page(context.tx, spec, query, where=where, args=args, branches=branches, secret=secret)
    if show is not None:
        await show(page.items)
    link = next_link(context.request.url.path, params, page)
    return Response(
        page_body(page), media_type="application/json", headers={"Link": link} if link is not None else None
    )


async def owned_list(context: Context, spec: ListSpec, column: str) -> Response:
    """The page among the rows whose `column` names an owner in the caller's record scope."""
    return await list_answer(context, spec, *await owned_rows(context.tx, visible(context), column))


async def item_answer(
    context: Context,
    spec: ListSpec,
    key: UUID,
    noun: str,
    where: str = "TRUE",
    args: Sequence[object] = (),
    *,
    made_at: str | None = None,
) -> Response:
    """One item of a list by its key, with its ETag where it has a version; `made_at` is where it was just made (201).

    Raises NotFound (`<noun>-not-found`), also when `where` hides it.
    """
    row = await fetch_item(context.tx, spec, key, where=where, args=args)
    if row is None:
        raise NotFound(what=noun)
    return json_answer(row, 201 if made_at else 200, version=row.get("version"), location=made_at)


def documented(spec: ListSpec) -> dict[str, Any]:
    """`openapi_extra` of a list route: every parameter it accepts."""
    return {"parameters": openapi_parameters(spec)}


def page_of(item: type[BaseModel]) -> type[BaseModel]:
    """Schema of a page of `item`s; every field of an item may be missing, because of `fields=`."""
    name = item.__name__.removesuffix("Read").removesuffix("Item").removesuffix("Summary")
    kinds: dict[str, Any] = {info.alias or field: info.annotation for field, info in item.model_fields.items()}
    fields: dict[str, Any] = {field: (kind, ABSENT) for field, kind in kinds.items()}
    sparse = create_model(f"{name}Item", __base__=Schema, __doc__=item.__doc__, **fields)
    columns: dict[str, Any] = {
        "items": (list[sparse], ...),  # type: ignore[valid-type]  # a model made above
        "next_cursor": (str | None, ...),
        "count": (int | None, ...),
    }
    return create_model(f"{name}Page", __base__=Schema, __doc__=f"One page of {name} items.", **columns)
