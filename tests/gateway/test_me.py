"""GET /v1/me over services that answer, fail, hang or are gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.app import create_app
from gateway.compose import calls
from gateway.issuer import DevelopmentIssuer
from gateway.server import server_config
from gateway.settings import GatewaySettings
from gateway.upstream import AsgiUpstream, HttpUpstream, Upstream
from tests.gateway.conftest import plain_config, serving

UNIT, ROOT = "0190a3b0-0000-7000-8000-000000000002", "0190a3b0-0000-7000-8000-000000000001"
MEMBER = {"id": "0190a3b0-0000-7000-8000-000000000003", "code": "M-1", "path": [ROOT, UNIT]}
GONE = "http://127.0.0.1:9"


def service(
    status: int = 200,
    delay: float = 0.0,
    seen: list[Any] | None = None,
    together: asyncio.Barrier | None = None,
    **changes: Any,
) -> ASGIApp:
    """Answers GET /admin/me, and keeps the headers it got; with `together` only once all others were asked too."""
    me = {"permissions": ["a:read"], "reach": "subtree", "members": 3, "principal": MEMBER} | changes

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (scope["method"], scope["path"]) == ("GET", "/admin/me")
        if seen is not None:
            seen.append({name.decode(): value.decode() for name, value in scope["headers"]})
        await receive()
        await asyncio.sleep(delay)
        if together is not None:
            await together.wait()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": orjson.dumps(me)})

    return app


@asynccontextmanager
async def system(
    settings: GatewaySettings, issuer: DevelopmentIssuer, kind: str, **apps: ASGIApp | None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway over services in process or behind HTTP; None is one that is gone."""
    async with contexts(apps, kind) as upstreams:
        app = create_app(settings, upstreams, issuer=issuer)
        headers = {"Authorization": f"Bearer {issuer.token('rep-07')}"}
        async with (
            serving(server_config(app)) as (host, port),
            httpx.AsyncClient(base_url=f"http://{host}:{port}", headers=headers) as client,
        ):
            yield client


@asynccontextmanager
async def contexts(apps: dict[str, ASGIApp | None], kind: str) -> AsyncIterator[dict[str, Upstream]]:
    found: dict[str, Upstream] = {}
    async with asyncio.TaskGroup() as group:
        over = asyncio.Event()
        for name, app in apps.items():
            if app is None:
                found[name] = HttpUpstream(GONE)
            elif kind == "asgi":
                found[name] = AsgiUpstream(app)
            else:
                ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
                group.create_task(_serve(app, ready, over))
                found[name] = HttpUpstream(await ready)
        yield found
        over.set()


async def _serve(app: ASGIApp, ready: asyncio.Future[str], over: asyncio.Event) -> None:
    async with serving(plain_config(app)) as (host, port):
        ready.set_result(f"http://{host}:{port}")
        await over.wait()


@pytest.fixture(params=["http", "asgi"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_all_services_are_asked_side_by_side(
    settings: GatewaySettings, issuer: DevelopmentIssuer, kind: str
) -> None:
    seen: list[Any] = []
    together = asyncio.Barrier(4)
    slow = {name: service(together=together, seen=seen) for name in ("customer", "channels", "risk")}
    targets = service(together=together, permissions=["t:read"], reach="all", members=None)
    async with system(settings, issuer, kind, **slow, targets=targets) as client:
        answer = await client.get("/v1/me", headers={"X-Request-Id": "asked-by-test", "If-None-Match": '"1"'})
    part = {"state": "ok", "permissions": ["a:read"], "record_scope": {"reach": "subtree", "members": 3}}
    scope = {"reach": "all", "members": None}
    assert answer.json() == {
        "subject": "rep-07",
        "roles": ["sales_rep"],
        "member": {"id": MEMBER["id"], "code": "M-1"},
        "unit": {"id": UNIT, "path": [ROOT, UNIT]},
        "services": dict.fromkeys(slow, part)
        | {"targets": {"state": "ok", "permissions": ["t:read"], "record_scope": scope}},
    }
    assert answer.headers["ratelimit-policy"] == '"principal";q=5000;w=1'
    for headers in seen:
        assert headers["authorization"] == client.headers["authorization"]
        assert headers["x-request-id"] == answer.headers["x-request-id"] == "asked-by-test"
        assert {"traceparent", "x-request-timeout-ms"} <= headers.keys()
        assert "if-none-match" not in headers


async def test_a_service_that_fails_is_unavailable_in_its_part(
    settings: GatewaySettings, issuer: DevelopmentIssuer, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "SECONDS", 0.4)
    apps = {"customer": service(), "channels": service(500), "risk": service(delay=30.0), "targets": None}
    async with system(settings, issuer, kind, **apps) as client:
        answer = await client.get("/v1/me")
        assert answer.status_code == 200
        states = {name: part["state"] for name, part in answer.json()["services"].items()}
        assert states == dict.fromkeys(("channels", "risk", "targets"), "unavailable") | {"customer": "ok"}
        assert answer.json()["services"]["risk"] == {"state": "unavailable", "permissions": [], "record_scope": None}
        assert answer.json()["member"] == {"id": MEMBER["id"], "code": "M-1"}
        again = await client.head("/v1/me")
        assert (again.status_code, again.content) == (200, b"")


async def test_nobody_answers_and_the_caller_is_still_named(
    settings: GatewaySettings, issuer: DevelopmentIssuer
) -> None:
    async with system(settings, issuer, "http", customer=None, targets=None) as client:
        answer = (await client.get("/v1/me")).json()
    assert (answer["subject"], answer["roles"], answer["member"], answer["unit"]) == (
        "rep-07",
        ["sales_rep"],
        None,
        None,
    )


async def test_who_is_no_member_has_neither_member_nor_unit(
    settings: GatewaySettings, issuer: DevelopmentIssuer
) -> None:
    apps = {"customer": service(), "targets": service(principal=None)}
    async with system(settings, issuer, "asgi", **apps) as client:
        answer = (await client.get("/v1/me")).json()
    assert (answer["member"], answer["unit"]) == (None, None)


async def test_without_a_token_and_over_the_limit(settings: GatewaySettings, issuer: DevelopmentIssuer) -> None:
    limited = settings.model_copy(update={"rate_limit_per_second": 1})
    async with system(limited, issuer, "asgi", customer=service()) as client:
        refused = await client.get("/v1/me", headers={"Authorization": "Bearer x"})
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
        assert "bearer" in refused.headers["www-authenticate"].lower()
        answers = [await client.get("/v1/me") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]
        assert answers[1].json()["retryable"] is True
        assert (await client.post("/v1/me")).status_code == 405
