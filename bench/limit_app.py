"""Starlette + asyncpg doing what `bench.limit` captured; also the floor: a bare read, two inserts.

`uvicorn bench.limit_app:app` with BENCH_LIMIT naming the file of programs. Routes: those of the product below
/limit, and /floor/read/<id>, /floor/list, /floor/create.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any
from uuid import UUID

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uuid_utils.compat import uuid7

from kit.db.database import Database, DatabaseSettings

FLOOR = """
CREATE TABLE IF NOT EXISTS bench_account (id uuid PRIMARY KEY, name text NOT NULL, region text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS bench_event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key uuid NOT NULL,
    data text NOT NULL);
"""
_counter = count(os.getpid() * 10_000_000)

Values = dict[str, str]


class Step:
    """One statement whose parameters are ready for asyncpg, with the places that change per request."""

    def __init__(self, sql: str, args: list[Any], changing: set[str]) -> None:
        self.sql = sql
        self.args = args
        self.makers = [_maker(value, changing) for value in args]
        self.is_fixed = not any(self.makers)

    def values(self, new: Values) -> list[Any]:
        """Parameters of one request; `new` maps captured ids to this request's."""
        if self.is_fixed:
            return self.args
        return [maker(new) if maker else value for maker, value in zip(self.makers, self.args, strict=True)]


def _maker(value: Any, changing: set[str]) -> Callable[[Values], Any] | None:
    """How a captured parameter becomes that of another request; None when it never changes."""
    if isinstance(value, list):
        makers = [_maker(item, changing) for item in value]
        if not any(makers):
            return None
        return lambda new: [m(new) if m else item for m, item in zip(makers, value, strict=True)]
    text = str(value)
    found = [name for name in changing if name in text]
    if not found:
        return None
    if isinstance(value, int):
        return lambda new: int(new[text])
    if isinstance(value, str) and text not in changing:
        return lambda new: _replaced(text, found, new)
    if isinstance(value, str):
        return lambda new: new[text]
    return lambda new: UUID(new[text])


def _replaced(text: str, names: list[str], new: Values) -> str:
    for name in names:
        text = text.replace(name, new[name])
    return text


class Replay:
    """Endpoint of one captured operation."""

    def __init__(self, program: dict[str, Any], db: Database) -> None:
        self.program, self.db = program, db
        self.named = program["named"]
        self.fresh, self.numbers = program["fresh"], program["numbers"]
        self.steps: list[Step] = []
        self.is_transaction = program["statements"][0]["sql"].upper().startswith("BEGIN")
        changing = [*self.fresh, *self.numbers, *([self.named] if self.named else [])]
        shown = [name for name in changing if name in program["body"] or name in str(program["headers"])]
        self.shown = shown if program["method"] != "GET" else []

    async def prepare(self) -> None:
        """Turn the text of parameters into values, by PostgreSQL itself."""
        changing = {*self.fresh, *self.numbers, *([self.named] if self.named else [])}
        async with self.db.transaction() as tx:
            for statement in self.program["statements"]:
                if statement["sql"].rstrip(";").upper() in ("BEGIN", "COMMIT"):
                    continue
                prepared = await tx.connection.prepare(statement["sql"])
                kinds = [f"{p.schema}.{p.name.removesuffix('[]')}" for p in prepared.get_parameters()]
                arrays = ["[]" if p.name.endswith("[]") else "" for p in prepared.get_parameters()]
                args = [
                    await tx.fetchval(f"SELECT $1::text::{kind}{array}", text)
                    for kind, array, text in zip(kinds, arrays, statement["args"], strict=True)
                ]
                self.steps.append(Step(statement["sql"], args, changing))

    async def __call__(self, request: Request) -> Response:
        """One request."""
        new = {name: str(uuid7()) for name in self.fresh}
        for name in self.numbers:
            number = next(_counter)
            new[name] = str(number) if name.lstrip("-").isdigit() else f"{name[:8]}{number}"
        if self.named:
            new[self.named] = request.path_params["id"]
        if self.program["method"] == "POST":
            await request.body()
        if self.is_transaction:
            async with self.db.transaction() as tx:
                for step in self.steps:
                    await tx.connection.fetch(step.sql, *step.values(new))
        else:
            async with self.db.reading() as tx:
                for step in self.steps:
                    await tx.connection.fetch(step.sql, *step.values(new))
        body = self.program["body"]
        headers = self.program["headers"]
        if self.shown:
            body = _replaced(body, self.shown, new)
            headers = {name: _replaced(value, self.shown, new) for name, value in headers.items()}
        return Response(body, self.program["status"], headers, "application/json")


class Floor:
    """A bare read, fifty rows, two inserts."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def read(self, request: Request) -> Response:
        """One row by its key."""
        async with self.db.reading() as tx:
            row = await tx.fetchrow("SELECT * FROM account WHERE id = $1", UUID(request.path_params["id"]))
        return Response(orjson.dumps(dict(row) if row else {}, default=str), media_type="application/json")

    async def list(self, _request: Request) -> Response:
        """The newest fifty rows."""
        async with self.db.reading() as tx:
            rows = await tx.fetch("SELECT * FROM account ORDER BY created_at DESC, id DESC LIMIT 50")
        return Response(orjson.dumps([dict(row) for row in rows], default=str), media_type="application/json")

    async def create(self, request: Request) -> Response:
        """Two rows in one transaction."""
        body = await request.body()
        made = uuid7()
        async with self.db.transaction() as tx:
            insert = "INSERT INTO bench_account (id, name, region) VALUES ($1, $2, $3)"
            await tx.connection.execute(insert, made, "Blue Harbour Trading", "CN-SH")
            await tx.connection.execute("INSERT INTO bench_event (key, data) VALUES ($1, $2)", made, body.decode())
        return Response(b'{"id":"%s"}' % str(made).encode(), 201, media_type="application/json")


def create_app() -> Starlette:
    """Routes of all programs in the file that BENCH_LIMIT names."""
    with open(os.environ["BENCH_LIMIT"]) as file:
        programs = json.load(file)
    dsn = f"{os.environ['CRMESH_POSTGRES']}crmesh_customer"
    db = Database(DatabaseSettings(connect={"dsn": dsn}, name="limit"))
    replays = [Replay(program, db) for program in programs.values()]
    floor = Floor(db)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await db.start()
        async with db.transaction() as tx:
            await tx.connection.execute("SELECT pg_advisory_xact_lock(1)")
            await tx.connection.execute(FLOOR)
        for replay in replays:
            await replay.prepare()
        yield
        await db.stop()

    def path_of(replay: Replay) -> str:
        path: str = replay.program["path"].partition("?")[0]
        return "/limit" + (path.replace(replay.named, "{id}") if replay.named else path)

    async def live(_request: Request) -> Response:
        return Response(b"ok")

    routes = [Route(path_of(r), r.__call__, methods=[r.program["method"]]) for r in replays]
    own = [
        Route("/livez", live),
        Route("/floor/read/{id}", floor.read),
        Route("/floor/list", floor.list),
        Route("/floor/create", floor.create, methods=["POST"]),
    ]
    return Starlette(routes=[*routes, *own], lifespan=lifespan)
