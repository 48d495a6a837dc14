"""The life of a row: what is written, said and audited, and what is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, identifier, text
from kit.db.database import Database, DatabaseSettings, Tx
from kit.errors import AppError, NotFound, Taken, VersionMismatch
from kit.events.contract import Part, Published
from kit.ids import new_id
from kit.records import Change, Resource, add, change, changed_row, fresh, require
from kit.security.principals import Actor, Scope
from kit.testing.postgres import TestServer
from kit.versions import Versions
from kit.work import Work
from tests.kit.tiny import SETTINGS, tiny_database

TABLES = """
CREATE TABLE plan (id uuid PRIMARY KEY, version int NOT NULL, created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL, code text NOT NULL UNIQUE, kind text NOT NULL, steps jsonb NOT NULL,
    owner_id uuid);
CREATE TABLE audit_log (id bigint GENERATED ALWAYS AS IDENTITY, actor text, roles text[], action text, resource text,
    resource_id text, before jsonb, after jsonb, reason text, request_id text, trace_id text);
"""


class Kind(StrEnum):
    GOOD = "good"
    BAD = "bad"


class Step(FrozenRow):
    start: int
    rate: int


class Plan(OwnedRow):
    __tablename__ = "plan"

    code: str = text(nullable=False)
    kind: Kind = text(nullable=False)
    steps: Annotated[tuple[Step, ...], DECODED] = document(nullable=False)
    owner_id: UUID | None = identifier(default=None)


class SaidStep(Part):
    start: int
    rate: int


class PlanChanged(Published):
    TYPE: ClassVar[str] = "tiny.plan.changed.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"
    EXAMPLE: ClassVar[dict[str, Any]] = {}

    id: UUID
    kind: str
    steps: list[SaidStep]
    version: int
    changed: list[str]


PLANS = Resource(
    "sales-plan",
    Plan,
    lambda one: PlanChanged.of(one.after, changed=one.changed),
    audited=("code", "kind", "steps"),
    unique=("code",),
    owner="owner_id",
)
ACTOR = Actor("someone", frozenset({"planner"}), frozenset())
MINE, OTHERS = new_id(), new_id()


@pytest.fixture
async def db(postgres_server: TestServer) -> AsyncIterator[Database]:
    connect = postgres_server.connect_args(await tiny_database(postgres_server))
    database = Database(DatabaseSettings(connect=connect, name="tiny"))
    async with database.transaction() as tx:
        await tx.execute(TABLES)
    yield database
    await database.stop()


def working(tx: Tx, *, everything: bool = True) -> Work:
    scope = Scope(everything, () if everything else (MINE,))
    return Work(tx=tx, actor=ACTOR, service="tiny", settings=SETTINGS, known_scope=scope)


def plan(**given: Any) -> Plan:
    return Plan(**{**fresh(), "code": "A", "kind": Kind.GOOD, "steps": [{"start": 0, "rate": 1}], **given})


async def said(db: Database) -> list[tuple[str, int]]:
    async with db.reading() as tx:
        return [
            (row["type"], row["sequence"]) for row in await tx.fetch("SELECT type, sequence FROM outbox ORDER BY id")
        ]


async def audited(db: Database) -> list[tuple[str, str, Any, Any]]:
    async with db.reading() as tx:
        rows = await tx.fetch("SELECT action, resource, before, after FROM audit_log ORDER BY id")
        return [tuple(row) for row in rows]


async def test_a_row_is_what_was_written(db: Database) -> None:
    async with db.transaction() as tx:
        made = await add(working(tx), PLANS, plan())
    async with db.reading() as tx:
        found = await require(working(tx), PLANS, made.id)
    assert found == made
    assert (type(found.kind), found.steps) == (Kind, (Step(start=0, rate=1),))
    with pytest.raises(ValidationError):
        found.code = "B"
    assert await said(db) == [("tiny.plan.changed.v1", 1)]
    ((action, resource, before, after),) = await audited(db)
    assert (action, resource, before) == ("create", "sales_plan", None)
    assert '"steps": [{"rate": 1, "start": 0}]' in after


async def test_a_change_is_written_said_and_audited_once_and_an_empty_one_not_at_all(db: Database) -> None:
    async with db.transaction() as tx:
        made = await add(working(tx), PLANS, plan())
    async with db.transaction() as tx:
        after = await change(working(tx), PLANS, made, {"kind": "bad", "code": "A"})
        assert await change(working(tx), PLANS, after, {"kind": Kind.BAD, "steps": [{"start": 0, "rate": 1}]}) is after
    assert (after.version, after.kind, after.updated_at > made.updated_at) == (2, Kind.BAD, True)
    assert await said(db) == [("tiny.plan.changed.v1", 1), ("tiny.plan.changed.v1", 2)]
    assert (await audited(db))[1:] == [("change", "sales_plan", '{"kind": "good"}', '{"kind": "bad"}')]


async def test_of_two_changes_of_one_version_one_wins(db: Database) -> None:
    async with db.transaction() as tx:
        made = await add(working(tx), PLANS, plan())

    async def attempt(kind: str, code: str) -> str:
        try:
            async with db.transaction() as tx:
                await change(working(tx), PLANS, made, {"kind": kind, "code": code})
        except AppError as error:
            return error.code
        return "done"

    assert sorted(await asyncio.gather(attempt("bad", "B"), attempt("bad", "C"))) == ["done", "version-mismatch"]
    assert len(await said(db)) == 2


@pytest.mark.parametrize(("owner", "named"), [(MINE, True), (OTHERS, False)])
async def test_who_has_the_value_is_told_to_those_who_see_it(db: Database, owner: UUID, named: bool) -> None:
    async with db.transaction() as tx:
        holder = await add(working(tx), PLANS, plan(owner_id=owner))
        other = await add(working(tx), PLANS, plan(code="B", owner_id=MINE))

    async def attempt(what: str) -> None:
        async with db.transaction() as tx:
            work = working(tx, everything=False)
            await (add(work, PLANS, plan()) if what == "add" else change(work, PLANS, other, {"code": "A"}))

    for what in ("add", "change"):
        with pytest.raises(Taken) as caught:
            await attempt(what)
        assert caught.value.code == "sales-plan-code-taken"
        assert caught.value.extra == ({"conflicting_id": str(holder.id)} if named else {})
    assert len(await said(db)) == 2


async def test_a_row_outside_the_scope_is_not_found(db: Database) -> None:
    async with db.transaction() as tx:
        made = await add(working(tx), PLANS, plan(owner_id=OTHERS))
    async with db.transaction() as tx:
        for row_id in (made.id, new_id()):
            with pytest.raises(NotFound) as caught:
                await require(working(tx, everything=False), PLANS, row_id, lock=True)
            assert caught.value.code == "sales-plan-not-found"
        with pytest.raises(VersionMismatch):
            await require(working(tx), PLANS, made.id, version=Versions(frozenset({2})))


def test_a_change_of_an_unknown_column_is_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError, match="no colour"):
        changed_row(plan(), {"colour": "red"})


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "code": st.sampled_from("AB"),
        "kind": st.sampled_from(["good", "bad"]),
        "steps": st.lists(st.fixed_dictionaries({"start": st.integers(0, 2), "rate": st.just(1)}), max_size=2),
    },
)


@given(VALUES)
def test_changed_names_what_differs(values: dict[str, Any]) -> None:
    before = plan()
    one: Change[Plan] = changed_row(before, values)
    differs = {name for name in values if before.model_dump(mode="json")[name] != values[name]}
    assert set(one.changed) == differs
    assert one.after == before if not differs else one.after.version == 2
