"""Merging the services' OpenAPI documents, and the page that shows them without internet."""

from __future__ import annotations

import copy
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from gateway.app import create_app
from gateway.docs import ASSETS
from gateway.issuer import DevelopmentIssuer
from gateway.openapi import EDGE_STATUSES, for_swagger_4, merge
from gateway.routes import default_routes
from gateway.server import server_config
from gateway.settings import GatewaySettings
from gateway.upstream import AsgiUpstream, HttpUpstream, Upstream
from kit.native.process import free_port
from tests.gateway.conftest import serving

OWN: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": "crmesh", "version": "1"}, "paths": {}}


def document(path: str, **schemas: Any) -> dict[str, Any]:
    name = next(iter(schemas))
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    operation = {"operationId": "read", "responses": {"200": {"description": "ok", "content": content}}}
    hidden = {"get": {"operationId": "live", "responses": {}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {path: {"get": operation}, "/livez": hidden},
        "components": {"schemas": schemas, "securitySchemes": {"own": {}}},
    }


def refs(node: Any) -> set[str]:
    if isinstance(node, dict):
        found = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return found.union(*(refs(value) for value in node.values()))
    return set().union(*(refs(value) for value in node)) if isinstance(node, list) else set()


def resolve(merged: dict[str, Any], ref: str) -> Any:
    node: Any = merged
    for part in ref.removeprefix("#/").split("/"):
        node = node[part]
    return node


def test_equal_components_are_shared_and_different_ones_prefixed() -> None:
    line = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Page"}}}
    same = {"type": "string"}
    customer = document("/v1/accounts", Line=line, Page={"type": "integer"}, Same=same)
    risk = document("/v1/exposures", Line=line, Page={"type": "number"}, Same=same)
    before = copy.deepcopy((customer, risk, OWN))
    merged = merge({"customer": customer, "risk": risk}, default_routes(), OWN)
    schemas = merged["components"]["schemas"]
    assert schemas["Same"] == same
    assert schemas["customer.Page"] == {"type": "integer"}
    assert schemas["risk.Page"] == {"type": "number"}
    assert not {"Page", "Line"} & set(schemas)
    assert schemas["risk.Line"]["properties"]["next"]["$ref"] == "#/components/schemas/risk.Page"
    assert (customer, risk, OWN) == before
    for ref in refs(merged):
        resolve(merged, ref)


def test_only_routed_paths_with_edge_answers_and_unique_operations() -> None:
    admin = document("/admin/parked", Parked={"type": "object"})
    admin["paths"]["/admin/parked"]["get"]["responses"]["404"] = {"description": "own"}
    risk = document("/v1/exposures", Exposure={"type": "object"})
    for part, tag in ((admin, "operations"), (risk, "exposures")):
        part["tags"] = [{"name": tag, "description": "text"}]
        next(iter(part["paths"].values()))["get"]["tags"] = [tag]
    merged = merge({"customer": admin, "risk": risk}, default_routes(), OWN)
    assert set(merged["paths"]) == {"/admin/customer/parked", "/v1/exposures"}
    operations = [item["get"] for item in merged["paths"].values()]
    assert len({operation["operationId"] for operation in operations}) == 2
    for operation in operations:
        assert operation["security"] == [{"bearer": []}]
        assert {str(status) for status in EDGE_STATUSES} <= set(operation["responses"])
        for answer in operation["responses"].values():
            found = resolve(merged, answer["$ref"]) if "$ref" in answer else answer
            assert found["headers"]["RateLimit"] == {"$ref": "#/components/headers/RateLimit"}
    assert operations[0]["responses"]["404"]["description"] == "own"
    assert [tag["name"] for tag in merged["tags"]] == ["customer operations", "exposures"]
    assert [group["name"] for group in merged["x-tagGroups"]] == ["customer", "risk"]
    assert set(merged["components"]["securitySchemes"]) == {"bearer"}


def test_dialect_of_the_page() -> None:
    text, page = {"type": "string"}, {"$ref": "#/components/schemas/P"}
    before = {"openapi": "3.1.0", "x": [{"anyOf": [text, {"type": "null"}]}, {"anyOf": [page, {"type": "null"}]}]}
    assert for_swagger_4(before) == {
        "openapi": "3.0.3",
        "x": [{"type": "string", "nullable": True}, {"anyOf": [page], "nullable": True}],
    }


class Page(BaseModel):
    number: int | None = None


@pytest.fixture
async def client(issuer: DevelopmentIssuer, settings: GatewaySettings) -> AsyncIterator[httpx.AsyncClient]:
    service = FastAPI(title="customer")

    @service.get("/v1/accounts/{account_id}")
    def read_account(account_id: int) -> Page:
        return Page(number=account_id)

    upstreams: dict[str, Upstream] = {"customer": AsgiUpstream(service), "risk": HttpUpstream("http://127.0.0.1:9")}
    app = create_app(settings, upstreams, issuer=issuer)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as client:
        yield client
    for upstream in upstreams.values():
        await upstream.aclose()


async def test_names_that_nobody_serves_answer_404(client: httpx.AsyncClient) -> None:
    for path in ("/v1/nothing/1", "/v1/nothing"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_documents_are_fetched_and_missing_ones_named(
    client: httpx.AsyncClient, issuer: DevelopmentIssuer
) -> None:
    merged = (await client.get("/openapi.json")).json()
    assert merged["x-missing"] == ["risk"]
    assert {"/v1/accounts/{account_id}", "/oauth/token"} <= set(merged["paths"])
    flows = merged["components"]["securitySchemes"]["bearer"]["flows"]
    assert flows["clientCredentials"]["tokenUrl"] == "/oauth/token"
    assert merged["paths"]["/oauth/token"]["post"]["security"] == []
    for ref in refs(merged):
        resolve(merged, ref)
    bearer = {"Authorization": f"Bearer {issuer.token('admin')}"}
    assert (await client.get("/v1/accounts/7", headers=bearer)).json() == {"number": 7}
    shown = (await client.get("/docs/openapi.json")).json()
    assert shown["openapi"] == "3.0.3"
    assert {"type": "null"} not in [option for option in _walk(shown) if isinstance(option, dict)]


def _walk(node: Any) -> list[Any]:
    children = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    return [node, *(found for child in children for found in _walk(child))]


async def test_page_loads_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    loaded = re.findall(r"(?:src|href)=\"([^\"]*)\"", page.text)
    assert len(loaded) == 4
    texts = {"/docs": page.text}
    for address in loaded:
        assert address.startswith("/docs/"), address
        answer = await client.get(address)
        assert answer.status_code == 200, address
        if not address.endswith(".png"):
            texts[address] = answer.text
    start = texts["/docs/start.js"]
    assert "validatorUrl: null" in start
    for address in ("/docs", "/docs/start.js"):
        assert not re.search(r"https?:|[\"'(]//", texts[address])
    style = texts["/docs/assets/swagger-ui.css"]
    assert all(target.startswith("data:") for target in re.findall(r"url\([\"']?([^)\"']{0,80})", style))
    assert "@import" not in style
    script = texts["/docs/assets/swagger-ui-bundle.js"]
    loading = r"(?:importScripts|import|fetch|\.src=|\.open\(\"GET\",)\(?[\"'`](?:https?:)?//"
    assert not re.search(loading, script)
    assert re.findall(r"sourceMappingURL=(\S+)", script) == ["swagger-ui-bundle.js.map"]


@pytest.mark.parametrize("name", ["../__init__.py", "%2e%2e/__init__.py", "swagger-ui.js", "index.html"])
async def test_only_the_needed_assets_are_served(client: httpx.AsyncClient, name: str) -> None:
    assert name not in ASSETS
    assert (await client.get(f"/docs/assets/{name}")).status_code in (400, 404)


async def test_not_ready_without_the_keys_of_an_issuer_elsewhere(settings: GatewaySettings) -> None:
    away = f"http://127.0.0.1:{free_port()}/keys"
    app = create_app(settings.model_copy(update={"jwks_url": away}), {})
    async with serving(server_config(app)) as (host, port), httpx.AsyncClient(base_url=f"http://{host}:{port}") as own:
        answer = await own.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "the issuer's keys were not obtained")
        assert (await own.get("/livez")).status_code == 200


async def test_own_pages(gateway: Any) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, headers={"Accept-Encoding": "identity"}) as client:
        for path in ("/livez", "/startupz", "/readyz"):
            assert (await client.get(path)).status_code == 200
        for path in ("/openapi.json", "/docs", "/livez"):
            whole, head = await client.get(path), await client.head(path)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-length"] == whole.headers["content-length"]
        gateway.app.start_draining()
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/livez")).status_code == 200
        assert (await client.get("/")).headers["location"] == "/docs"
        missing = await client.get("/nowhere")
        assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
        assert missing.headers["content-type"] == "application/problem+json"
        wrong = await client.delete("/livez")
        assert (wrong.status_code, wrong.json()["code"]) == (405, "method-not-allowed")
        assert len(wrong.headers["x-request-id"]) == 32
