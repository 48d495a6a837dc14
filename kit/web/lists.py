"""List endpoints: the query string becomes one page of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from kit.db.lists import ListSpec, fetch_page, next_link, openapi_parameters, page_body, parse_query
from kit.web.context import Context


async def list_answer(context: Context, spec: ListSpec, where: str = "TRUE", args: Sequence[object] = ()) -> Response:
    """The page that the request's parameters ask for, among the rows of the record scope `where`/`args`."""
    params = context.request.query_params.multi_items()
    page = await fetch_page(
        context.tx, spec, parse_query(spec, params), where=where, args=args, secret=context.runtime.secret
    )
    link = next_link(context.request.url.path, params, page)
    return Response(
        page_body(page), media_type="application/json", headers={"Link": link} if link is not None else None
    )


def documented(spec: ListSpec) -> dict[str, Any]:
    """`openapi_extra` of a list route: every parameter it accepts."""
    return {"parameters": openapi_parameters(spec)}
