"""What every service answers around its endpoints: health, unknown routes, tokens, errors, its own description."""

from __future__ import annotations

import asyncio
import gzip
import sys
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from kit.db.database import Database, DatabaseSettings
from kit.security.tokens import TokenVerifier
from kit.testing.service import AUDIENCE, ISSUER, make_token
from kit.web.app import operations


@pytest.mark.parametrize("path", ["/", "/v1/unknown", "/v1/notes/", "/v1/notes/x/y", "/docs"])
async def test_unknown_route(web: Any, path: str) -> None:
    answer = await web.client.get(path, headers=web.headers())
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["DELETE", "PUT", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/notes", "GET, HEAD, POST"),
        ("/v1/notes/01890a5d-ac96-774b-bcce-b302099a8057", "GET, HEAD, PATCH"),
        ("/v1/notes/batch", "GET, HEAD, PATCH, POST"),
    ],
)
async def test_method_that_is_not_there(web: Any, method: str, path: str, methods: str) -> None:
    answer = await web.client.request(method, path, headers=web.headers())
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["allow"] == methods


async def test_head_is_get_without_the_body(web: Any) -> None:
    note = (await web.create("a")).json()["id"]
    for path, status in (
        (f"/v1/notes/{note}", 200),
        ("/v1/notes", 200),
        (f"/v1/notes/{uuid4()}", 404),
        ("/livez", 200),
    ):
        whole = await web.client.get(path, headers=web.headers())
        head = await web.client.request("HEAD", path, headers=web.headers())
        assert (head.status_code, head.content) == (status, b"")
        assert head.headers["content-type"] == whole.headers["content-type"]
        assert head.headers["content-length"] == whole.headers["content-length"]


async def test_permission_comes_before_the_body(web: Any) -> None:
    reader = web.headers("bob", "reader")
    assert (await web.client.post("/v1/notes", json={"nonsense": 1}, headers=reader)).status_code == 403


async def test_compressed_bodies_are_refused(web: Any) -> None:
    body, headers = gzip.compress(b'{"name": "a"}'), web.headers() | {"Content-Type": "application/json"}
    answer = await web.client.post("/v1/notes", content=body, headers=headers | {"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    answer = await web.client.post("/v1/notes", json={"name": "a"}, headers=headers | {"Content-Encoding": "identity"})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "x" * 10_000,
        make_token("alice", "writer", lifetime=timedelta(seconds=-120)),
        make_token("alice", "writer")[:-4] + "AAAA",
        "\u00e9",
    ],
)
async def test_tokens_that_are_none(web: Any, token: str) -> None:
    headers = [("Authorization", f"Bearer {token}".encode("latin-1"))]
    for method in ("GET", "POST"):
        answer = await web.client.request(method, "/v1/notes", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_role_decides(web: Any) -> None:
    reader, nobody = web.headers("bob", "reader"), web.headers("bob", "unknown")
    assert (await web.client.get("/v1/notes", headers=reader)).status_code == 200
    assert (await web.create("a", headers=reader)).status_code == 403
    assert (await web.client.get("/v1/notes", headers=nobody)).status_code == 403
    assert await web.names() == []


@pytest.mark.parametrize("query", ["limit=x", "limit=1.5", "limit="])
async def test_bad_query(web: Any, query: str) -> None:
    answer = await web.client.get(f"/v1/notes?{query}", headers=web.headers())
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-query")
    assert answer.json()["errors"][0]["pointer"] == "limit"


@pytest.mark.parametrize("query", ["name=%00", "limit=99999999999999999999"])
async def test_query_that_the_database_cannot_take(web: Any, query: str) -> None:
    assert (await web.client.get(f"/v1/notes?{query}", headers=web.headers())).status_code == 422


async def test_a_read_that_answers_itself_is_answered_as_by_the_framework(web: Any) -> None:
    made = (await web.create("a")).json()["id"]
    for path, status in ((made, 200), (uuid4(), 404), ("not-a-uuid", 422)):
        plain, other = [
            await web.client.get(f"/v1/{place}/{path}", headers=web.headers() | {"X-Request-Id": "r"})
            for place in ("notes", "other-notes")
        ]
        assert plain.status_code == status
        ids = {"trace_id": None, "instance": None}
        assert {**plain.json(), **ids} == {**other.json(), **ids}
        ignored = {"content-length", "etag"}
        assert {k: v for k, v in plain.headers.items() if k not in ignored} == {
            k: v for k, v in other.headers.items() if k not in ignored
        }
    assert (await web.client.get(f"/v1/notes/{made}")).status_code == 401
    assert (await web.client.get(f"/v1/notes/{made}", headers=web.headers("bob", "unknown"))).status_code == 403


async def test_path_and_if_match(web: Any) -> None:
    answer = await web.client.get("/v1/notes/not-a-uuid", headers=web.headers())
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "note_id")
    assert (await web.client.get(f"/v1/notes/{uuid4()}", headers=web.headers())).status_code == 404
    path = f"/v1/notes/{uuid4()}"
    assert (await web.client.patch(path, headers=web.headers())).status_code == 428
    for value in ('W/"12"', '"x"', "", '"-12"', '"9999999999"', '"1", "2"', '"12', '12"', '"012"', '*, "12"'):
        answer = await web.client.patch(path, headers={**web.headers(), "If-Match": value})
        assert (answer.status_code, answer.json()["code"]) == (412, "version-mismatch"), value
    for value in ('"12"', "12", "*", '"1", "12"', 'W/"12" ,"a,b",, "12"'):
        answer = await web.client.patch(path, headers={**web.headers(), "If-Match": value})
        assert (answer.status_code, answer.headers["etag"]) == (204, '"13"')
    lines = [*web.headers().items(), ("If-Match", '"1"'), ("If-Match", '"12"')]
    assert (await web.client.patch(path, headers=lines)).status_code == 204


async def test_unexpected_error_says_nothing_and_can_be_found_by_its_trace(web: Any) -> None:
    web.hooks.error, web.hooks.errors_left = RuntimeError("secret"), 9
    trace = "0af7651916cd43dd8448eb211c80319c"
    more = {"X-Request-Id": "req-1", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    with capture_logs() as logs:
        answers = [
            await web.create("a", headers=web.headers() | more),
            await web.client.get("/v1/notes", headers=web.headers() | more),
        ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert answer.json()["trace_id"] == trace
        assert answer.headers["x-request-id"] == "req-1"
        assert "secret" not in answer.text
    assert [entry["error"] for entry in logs] == ["RuntimeError('secret')"] * 2
    assert await web.names() == []


async def test_request_id_is_taken_over_or_made(web: Any) -> None:
    ids = [
        (await web.client.get("/livez", headers={"X-Request-Id": given})).headers["x-request-id"]
        for given in ("abc-1.x_Y", "bad id", "x" * 65, "")
    ]
    assert ids[0] == "abc-1.x_Y"
    assert all(len(made) == 32 for made in ids[1:])
    assert len(set(ids)) == 4


async def test_health(web: Any, tmp_path: Path, monkeypatch: Any) -> None:
    module = ModuleType("services.tiny")
    module.__file__ = str(tmp_path / "__init__.py")
    monkeypatch.setitem(sys.modules, "services.tiny", module)
    (tmp_path / "migrations/versions").mkdir(parents=True)
    (tmp_path / "migrations/versions/0002_more.py").touch()

    async def status(path: str) -> int:
        return int((await web.client.get(path)).status_code)

    assert (await status("/livez"), await status("/readyz"), await status("/metrics")) == (200, 200, 200)
    assert await status("/startupz") == 503
    async with web.runtime.db.transaction() as tx:
        await tx.execute("CREATE TABLE alembic_version (version_num text)")
        await tx.execute("INSERT INTO alembic_version VALUES ('0001')")
    assert await status("/startupz") == 503
    async with web.runtime.db.transaction() as tx:
        await tx.execute("UPDATE alembic_version SET version_num = '0002'")
    assert await status("/startupz") == 200
    web.app.state.health.is_draining = True
    assert (await status("/livez"), await status("/readyz")) == (200, 503)


async def test_health_without_a_database(web: Any) -> None:
    await web.runtime.db.stop()
    for connect in (
        {"dsn": "postgresql://nobody@127.0.0.1:1/none"},
        web.runtime.db.settings.connect | {"database": "no"},
    ):
        web.runtime.db = Database(DatabaseSettings(connect))
        web.app.state.runtime = web.runtime
        assert (await web.client.get("/livez")).status_code == 200
        for path in ("/readyz", "/startupz"):
            assert (await web.client.get(path)).status_code == 503
    web.runtime.db = Database(DatabaseSettings({"dsn": "postgresql://nobody@127.0.0.1:1/none"}))
    answer = await web.create("a")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_not_ready_without_the_keys_of_the_issuer(web: Any, monkeypatch: Any) -> None:
    answered = asyncio.Event()

    async def late() -> dict[str, Any]:
        await answered.wait()
        return {"keys": []}

    monkeypatch.setattr("kit.web.health.KEYS_SECONDS", 0.05)
    web.runtime.verifier = TokenVerifier(ISSUER, AUDIENCE, late)
    for _ in range(2):
        answer = await web.client.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "the issuer's keys were not obtained")
    assert (await web.client.get("/livez")).status_code == 200
    answered.set()
    assert (await web.client.get("/readyz")).status_code == 200


async def test_not_ready_while_no_connection_is_free(web: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("kit.web.health.READY_SECONDS", 0.2)
    web.hooks.gate = asyncio.Event()
    pending = [
        asyncio.create_task(web.client.get("/v1/notes", headers=web.headers()))
        for _ in range(web.runtime.settings.pool_readers)
    ]
    await web.hooks.began.wait()
    answer = await web.client.get("/readyz")
    assert (answer.status_code, "no connection to the database is free" in answer.text) == (503, True)
    web.hooks.gate.set()
    assert {answer.status_code for answer in await asyncio.gather(*pending)} == {200}
    assert (await web.client.get("/readyz")).status_code == 200


async def test_description_declares_every_status(web: Any) -> None:
    document = (await web.client.get("/openapi.json")).json()
    found = {
        (method, path): set(operation["responses"])
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    common = {"401", "403", "422", "503"}
    write = common | {"409", "413", "415"}
    assert found == {
        ("get", "/v1/notes"): common | {"200", "400"},
        ("get", "/v1/notes/{note_id}"): common | {"200", "400", "404"},
        ("get", "/v1/other-notes/{note_id}"): common | {"200", "400", "404"},
        ("post", "/v1/notes"): write | {"201"},
        ("post", "/v1/other-notes"): write | {"201"},
        ("post", "/v1/notes/batch"): write | {"200"},
        ("patch", "/v1/notes/{note_id}"): write | {"204", "404", "412", "428"},
    }
    problem = document["paths"]["/v1/notes"]["post"]["responses"]["422"]["content"]
    assert problem == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert all(
        operation["security"] == [{"bearer": []}] for item in document["paths"].values() for operation in item.values()
    )
    names = [p["name"] for p in document["paths"]["/v1/notes/{note_id}"]["patch"]["parameters"]]
    assert sorted(names) == ["Idempotency-Key", "If-Match", "note_id"]
    assert {(method.lower(), path) for method, path in operations(web.app)} == set(found)
