"""Routes that ask nobody for a token: what is sent as one is not looked at, and their siblings still ask."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from fastapi import Depends, Response

from kit.security.principals import ANONYMOUS
from kit.web.app import create_service_app
from kit.web.context import Allow, Context
from kit.web.responses import json_answer
from kit.web.routes import router
from tests.kit.web.conftest import NoteCreate, Reading

Public = Annotated[Context, Depends(Allow(None, public=True))]


@pytest.fixture
async def client(web: Any) -> Any:
    api = router("forms")

    async def seen(work: Context, *_: object) -> Response:
        sees = (await work.scope()).everything
        return json_answer({"subject": work.actor.subject, "is_nobody": work.actor is ANONYMOUS, "sees": sees})

    @api.get("/v1/forms/{token}")
    async def read(token: str, work: Public) -> Response:
        """A form."""
        return await seen(work, token)

    @api.post("/v1/forms/{token}/answer")
    async def answer(token: str, body: NoteCreate, work: Public) -> Response:
        """Answer it."""
        return await seen(work, token, body)

    @api.get("/v1/forms")
    async def every(work: Reading) -> Response:
        """All of them."""
        return await seen(work)

    app = create_service_app(
        web.runtime, title="t", description="t", routers=[api], permissions={"reader": frozenset({"note:read"})}
    )
    web.client._transport.app = app
    return web


@pytest.mark.parametrize("header", ["", "Bearer x", "Bearer eyJhbGciOiJub25lIn0.e30.", "Basic Zm9v", "real"])
async def test_whoever_calls_is_nobody(client: Any, header: str) -> None:
    headers = client.headers() if header == "real" else {"Authorization": header} if header else {}
    wanted = {"subject": "", "is_nobody": True, "sees": False}
    assert (await client.client.get("/v1/forms/abc", headers=headers)).json() == wanted
    found = await client.client.post("/v1/forms/abc/answer", json={"name": "a"}, headers=headers)
    assert (found.status_code, found.json()) == (200, wanted)


async def test_its_siblings_and_other_methods_are_not_open(client: Any) -> None:
    assert (await client.client.get("/v1/forms")).status_code == 401
    assert (await client.client.get("/v1/forms", headers={"Authorization": "Bearer x"})).status_code == 401
    for method, path in (("POST", "/v1/forms/abc"), ("GET", "/v1/forms/abc/answer"), ("DELETE", "/v1/forms/abc")):
        assert (await client.client.request(method, path)).status_code == 405
    assert (await client.client.get("/admin/parked")).status_code == 404


async def test_keys_of_strangers_are_not_kept(client: Any) -> None:
    for _ in range(2):
        found = await client.client.post("/v1/forms/abc/answer", json={"name": "a"}, headers={"Idempotency-Key": "k"})
        assert found.status_code == 200
        assert "idempotency-replayed" not in found.headers
    assert await client.count("idempotency_key") == 0


async def test_it_is_documented_as_open(client: Any) -> None:
    paths = (await client.client.get("/openapi.json")).json()["paths"]
    for operation in (paths["/v1/forms/{token}"]["get"], paths["/v1/forms/{token}/answer"]["post"]):
        assert operation["security"] == []
        assert not {"401", "403"} & set(operation["responses"])
        assert "Idempotency-Key" not in {one["name"] for one in operation["parameters"]}
    assert paths["/v1/forms"]["get"]["security"] == [{"bearer": []}]


def test_who_brings_no_token_has_no_permission() -> None:
    with pytest.raises(ValueError, match="token"):
        Allow("note:read", public=True)
