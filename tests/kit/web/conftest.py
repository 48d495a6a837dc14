"""A tiny HTTP service on a fresh database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Response
from pydantic import Field

from kit.db.rows import dumps
from kit.errors import Conflict, NotFound
from kit.events.embedded import EmbeddedBus
from kit.ids import new_id
from kit.runtime import Runtime, make_runtime
from kit.settings import ServiceSettings
from kit.testing.postgres import TestServer, drop_database
from kit.testing.service import AUDIENCE, ISSUER, make_token, server_url, test_verifier
from kit.web.app import create_service_app
from kit.web.batch import BatchAnswer, BatchBody, parse_rows
from kit.web.context import Allow, Context, IfMatch, answer_headers
from kit.web.routes import router
from kit.web.schema import Label, Schema, Text
from tests.kit.tiny import rows, tiny_database

Writing = Annotated[Context, Depends(Allow("note:write"))]
Reading = Annotated[Context, Depends(Allow("note:read"))]
PERMISSIONS = {"writer": frozenset({"note:write", "note:read"}), "reader": frozenset({"note:read"})}


class NoteCreate(Schema):
    name: Label
    size: int = Field(default=1, strict=True)
    parent: UUID | None = None
    remark: Text = ""
    unchecked: str = ""


class NoteRead(Schema):
    id: UUID
    name: str
    size: int


class NotATeapot(Conflict):
    code, title = "not-a-teapot", "There is no tea"


@dataclass
class Hooks:
    """What tests make the endpoint do after its insert."""

    error: Exception | None = None
    errors_left: int = 0
    gate: asyncio.Event | None = None
    entered: int = 0
    began: asyncio.Event = field(default_factory=asyncio.Event)

    async def act(self) -> None:
        self.entered += 1
        self.began.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None and self.errors_left:
            self.errors_left -= 1
            raise self.error


@dataclass
class Web:
    """The tiny application and its client."""

    app: FastAPI
    runtime: Runtime
    client: httpx.AsyncClient
    hooks: Hooks

    def headers(self, subject: str = "alice", role: str = "writer", **more: str) -> dict[str, str]:
        token = make_token(subject, role)
        return {"Authorization": f"Bearer {token}"} | {k.replace("_", "-"): v for k, v in more.items()}

    async def send(self, content: bytes, path: str = "/v1/notes", **headers: str) -> httpx.Response:
        """A body as it is, as application/json unless told otherwise."""
        given = {**self.headers(), "Content-Type": "application/json"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        return await self.client.post(path, content=content, headers=given)

    async def create(self, name: str = "a", path: str = "/v1/notes", **fields: Any) -> httpx.Response:
        headers = fields.pop("headers", None) or self.headers()
        return await self.client.post(path, json={"name": name, **fields}, headers=headers)

    async def names(self) -> list[str]:
        return [name for (name,) in await rows(self.runtime.db, "SELECT name FROM note ORDER BY name")]

    async def count(self, table: str) -> int:
        return int((await rows(self.runtime.db, f"SELECT count(*) FROM {table}"))[0][0])


def add_reads(api: APIRouter) -> None:
    """The same read twice: answering itself, and answered by the framework."""

    async def found(context: Context, note_id: UUID) -> dict[str, Any]:
        row = await context.tx.fetchrow("SELECT id, name, size FROM note WHERE id = $1", note_id)
        if row is None:
            raise NotFound
        return dict(row)

    @api.get("/v1/notes/{note_id}", response_model=NoteRead)
    async def read(note_id: UUID, context: Reading) -> Response:
        """One note."""
        return Response(dumps(await found(context, note_id)), media_type="application/json")

    @api.get("/v1/other-notes/{note_id}", response_model=NoteRead)
    async def read_other(note_id: UUID, context: Reading) -> Any:
        """One note."""
        return await found(context, note_id)


def notes(hooks: Hooks) -> Any:
    """Router of the tiny service."""
    api = router("notes")

    async def insert(context: Context, body: NoteCreate, note_id: UUID) -> None:
        await context.tx.execute(
            "INSERT INTO note (id, name, size, parent) VALUES ($1, $2, $3, $4)",
            note_id,
            body.name + body.unchecked,
            body.size,
            body.parent,
        )
        await hooks.act()

    @api.post("/v1/notes", status_code=201, response_model=NoteRead)
    @api.post("/v1/other-notes", name="create_other", status_code=201, response_model=NoteRead)
    async def create(body: NoteCreate, context: Writing) -> Response:
        """Add a note."""
        note_id = new_id()
        await insert(context, body, note_id)
        if body.remark == "teapot":
            return Response(b"{}", 418, media_type="application/json")
        if body.remark == "conflict":
            raise NotATeapot
        answer = dumps({"id": note_id, "name": body.name, "size": body.size})
        headers = answer_headers(1, f"/v1/notes/{note_id}")
        return Response(answer, 201, media_type="application/json", headers=headers)

    add_reads(api)

    @api.get("/v1/notes", response_model=list[NoteRead])
    async def find(context: Reading, name: str = "", limit: int = 10) -> Any:
        """Notes of a name."""
        await hooks.act()
        return [dict(row) for row in await context.tx.fetch("SELECT * FROM note WHERE name = $1 LIMIT $2", name, limit)]

    @api.patch("/v1/notes/{note_id}", status_code=204)
    async def change(note_id: UUID, version: IfMatch, context: Writing) -> Response:
        """Every note has version 12."""
        await context.tx.execute("SELECT FROM note WHERE id = $1", note_id)
        version.check(12)
        return Response(status_code=204, headers=answer_headers(13))

    @api.post("/v1/notes/batch", response_model=BatchAnswer)
    async def batch(body: BatchBody, context: Writing) -> Any:
        """Add many."""
        good, results = parse_rows(NoteCreate, body)
        for index, row in good:
            note_id = new_id()
            if row.remark == "conflict":
                results.refuse(index, NotATeapot())
                continue
            await insert(context, row, note_id)
            results.done(index, "created", note_id)
        return results.answer()

    return api


@pytest.fixture
async def web(postgres_server: TestServer) -> AsyncIterator[Web]:
    name = await tiny_database(postgres_server)
    settings = ServiceSettings(
        service="tiny",
        database=name,
        postgres=server_url(postgres_server),
        bus="embedded",
        issuer=ISSUER,
        audience=AUDIENCE,
        pool_writers=6,
    )
    bus = EmbeddedBus(postgres_server.connect_args(name))
    runtime = make_runtime(settings, bus=bus, verifier=test_verifier())
    hooks = Hooks()
    app = create_service_app(runtime, title="tiny", description="", routers=[notes(hooks)], permissions=PERMISSIONS)
    transport = httpx.ASGITransport(app=app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://tiny.test", timeout=60) as client:
            yield Web(app, runtime, client, hooks)
    finally:
        await runtime.db.stop()
        await drop_database(postgres_server, name)
