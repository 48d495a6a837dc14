"""The short way answers exactly what FastAPI's own way answers, and is taken where it can be."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

import httpx
import pytest
from fastapi import BackgroundTasks, Depends, Form, Response
from fastapi.routing import APIRoute

from kit.web.direct import DirectRoutes, bind
from kit.web.routes import router

BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"1",
    b'{"name": "a"}',
    b'{"name": "a", "size": "1"}',
    b'{"name": "a", "size": 1e400}',
    b'{"name": "a", "parent": "x", "unknown": 1}',
    b'{"name": "\\ud800"}',
    b'{"name": "\xff"}',
    b'{"name": 1, "size": {}, "remark": []}',
    b'{"name": "b", "remark": "teapot"}',
    b'{"name": "b", "remark": "conflict"}',
    b"[" * 2000,
]
TYPES = ["application/json", "application/json; charset=utf-8", "application/problem+json", "text/plain", ""]
PATHS = ["/v1/notes/x", f"/v1/notes/{uuid4()}", "/v1/notes/%00", "/v1/notes/a%2Fb", "/v1/notes/", "/v1//notes", "/v1"]
QUERIES = ["", "?name=a", "?limit=x", "?limit=1&limit=2", "?unknown=1"]


def slow_client(web: Any) -> httpx.AsyncClient:
    """The same application without the short way."""
    kept = [layer for layer in web.app.user_middleware if layer.cls is not DirectRoutes]
    assert len(kept) == len(web.app.user_middleware) - 1
    stack = web.app.middleware_stack
    web.app.user_middleware, own = kept, web.app.user_middleware
    slow = web.app.build_middleware_stack()
    web.app.user_middleware, web.app.middleware_stack = own, stack

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["app"] = web.app
        await slow(scope, receive, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://tiny.test", timeout=60)


def told(answer: httpx.Response) -> tuple[Any, ...]:
    """What a caller sees, without what is new in every answer."""
    body = answer.json() if answer.content else None
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name not in ("trace_id", "id")}
    names = ("content-type", "etag", "allow", "www-authenticate", "retry-after")
    return answer.status_code, [answer.headers.get(name) for name in names], body


async def same(web: Any, method: str, path: str, **options: Any) -> None:
    """Both ways give one answer."""
    async with slow_client(web) as slow:
        left = await web.client.request(method, path, **options)
        right = await slow.request(method, path, **options)
    assert told(left) == told(right), f"{method} {path} {options}"


@pytest.mark.parametrize("kind", TYPES)
async def test_bodies(web: Any, kind: str) -> None:
    await web.create("a")
    for body in BODIES:
        headers = web.headers() | ({"Content-Type": kind} if kind else {})
        await same(web, "POST", "/v1/notes", content=body, headers=headers)


@pytest.mark.parametrize("role", ["writer", "reader", "nobody"])
async def test_faults_are_found_in_the_same_order(web: Any, role: str) -> None:
    note = (await web.create()).json()["id"]
    for path in [*PATHS, f"/v1/notes/{note}"]:
        for version in [{}, {"If-Match": '"1"'}, {"If-Match": "x"}, {"If-Match": "1" * 100}]:
            await same(web, "PATCH", path, headers=web.headers(role=role) | version)
        await same(web, "GET", path, headers=web.headers(role=role))
        await same(web, "DELETE", path, headers=web.headers(role=role))
        await same(web, "GET", path)
    for query in QUERIES:
        await same(web, "GET", f"/v1/notes{query}", headers=web.headers(role=role))


def test_taken_by_plain_routes_only() -> None:
    api = router("things")

    def plain() -> int:
        return 1

    @api.post("/v1/a/{name}")
    async def good(name: str, limit: int = 1) -> Response:
        return Response(f"{name}{limit}")

    @api.post("/v1/b")
    async def makes_data() -> dict[str, str]:
        return {}

    @api.post("/v1/c")
    async def in_threads(value: Annotated[int, Depends(plain)]) -> Response:
        return Response(str(value))

    @api.post("/v1/d")
    async def later(tasks: BackgroundTasks) -> Response:
        return Response(str(tasks))

    @api.post("/v1/e")
    async def form(field: Annotated[str, Form()]) -> Response:
        return Response(field)

    @api.post("/v1/f")
    def blocking() -> Response:
        return Response()

    taken = {route.path: bind(route) is not None for route in api.routes if isinstance(route, APIRoute)}
    assert taken == {f"/v1/{name}": False for name in "bcdef"} | {"/v1/a/{name}": True}
