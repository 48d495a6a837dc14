import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement
from sqlmodel import SQLModel

from kit.db.columns import new_registry
from kit.db.database import Database, DatabaseSettings
from kit.errors import Conflict
from kit.security.audit import AuditEntry, AuditRow, keyed_hash, protect, record, record_many
from kit.telemetry.tracing import tracing
from kit.testing.postgres import TestServer, create_database, drop_database, unique_name
from tests.kit.tiny import POSTGRESQL

KEY = b"a key of this installation"


class Base(SQLModel, registry=new_registry()):
    pass


class Audit(AuditRow, Base, table=True):
    pass


@pytest.fixture
async def db(postgres_server: TestServer) -> AsyncIterator[Database]:
    name = await create_database(postgres_server, unique_name("audit"))
    database = Database(DatabaseSettings(connect=postgres_server.connect_args(name)))
    table = Audit.metadata.tables["audit_log"]
    statements: list[ExecutableDDLElement] = [CreateTable(table), *map(CreateIndex, table.indexes)]
    try:
        async with database.transaction() as tx:
            for statement in statements:
                await tx.execute(str(statement.compile(dialect=POSTGRESQL)))
        yield database
    finally:
        await database.stop()
        await drop_database(postgres_server, name)


async def rows(db: Database) -> list[dict[str, Any]]:
    async with db.reading() as tx:
        return [dict(row) for row in await tx.fetch("SELECT * FROM audit_log ORDER BY id")]


async def test_row_says_who_what_where_and_why(db: Database) -> None:
    with tracing() as here, structlog.contextvars.bound_contextvars(request_id="r-9"):
        async with db.transaction() as tx:
            await record(
                tx,
                actor="rep-07",
                roles=["rep", "manager"],
                action="account.update",
                resource="account",
                resource_id="a-1",
                before={"email": "ann@example.com", "limit": 10**13, "name": None},
                after={"email": "eve@example.com", "limit": 5, "name": "Eve"},
                reason="customer asked",
                key=KEY,
            )
    (row,) = await rows(db)
    assert row["at"].tzinfo is not None
    assert (row["actor"], row["roles"], row["action"]) == ("rep-07", ["manager", "rep"], "account.update")
    assert (row["resource"], row["resource_id"], row["reason"]) == ("account", "a-1", "customer asked")
    assert (row["request_id"], row["trace_id"]) == ("r-9", here.trace_id)
    assert (row["prev_hash"], row["hash"]) == (None, None)
    before, after = json.loads(row["before"]), json.loads(row["after"])
    assert before == {"email": keyed_hash("email", "ann@example.com", KEY), "limit": 10**13, "name": None}
    assert after["email"] != before["email"]
    assert "example.com" not in row["before"] + row["after"]
    assert "Eve" not in row["after"]


async def test_creation_and_removal_have_sql_nulls(db: Database) -> None:
    async with db.transaction() as tx:
        for before, after in ((None, {"x": 1}), ({"x": 1}, None)):
            await record(tx, actor="s", action="a", resource="r", resource_id="1", before=before, after=after, key=KEY)
    async with db.reading() as tx:
        found = await tx.fetch("SELECT before IS NULL AS b, after IS NULL AS a FROM audit_log ORDER BY id")
    assert [(row["b"], row["a"]) for row in found] == [(True, False), (False, True)]


async def test_row_goes_with_its_transaction(db: Database) -> None:
    async def refused() -> None:
        async with db.transaction() as tx:
            await record(tx, actor="s", action="a", resource="r", resource_id="1", before=None, after={"x": 1}, key=KEY)
            await tx.flush()
            assert await tx.fetchval("SELECT count(*) FROM audit_log") == 1
            raise Conflict

    with pytest.raises(Conflict):
        await refused()
    assert await rows(db) == []


async def test_change_fails_when_its_row_cannot_be_written(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute("CREATE TABLE effect (x int)")

    async def change() -> None:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO effect VALUES (1)")
            await record(
                tx, actor="s", action="a", resource="r", resource_id="1", before=None, after={"x": "\x00"}, key=KEY
            )

    with pytest.raises(asyncpg.DataError):
        await change()
    async with db.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM effect") == 0


async def test_many_keep_their_order_and_quoting(db: Database) -> None:
    odd = ['a"b', "c,d", "{e}", "NULL", "'; DROP TABLE audit_log; --"]
    entries = [
        AuditEntry(
            actor=f"actor-{number}",
            action="line.add",
            resource="line",
            resource_id=str(number),
            after={"n": number, "phone": f"+49 {number}"},
            reason="\\ \" ' \n 单",
            roles=odd,
        )
        for number in range(1_000)
    ]
    async with db.transaction() as tx:
        await record_many(tx, entries, key=KEY)
        await record_many(tx, [], key=KEY)
    found = await rows(db)
    assert [row["resource_id"] for row in found] == [str(number) for number in range(1_000)]
    assert found[7]["roles"] == sorted(odd)
    assert found[7]["reason"] == "\\ \" ' \n 单"
    assert json.loads(found[7]["after"])["phone"] == keyed_hash("phone", "+49 7", KEY)


async def test_table_numbers_its_rows_itself(db: Database) -> None:
    with pytest.raises(asyncpg.GeneratedAlwaysError):
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO audit_log (id) VALUES (7)")


def test_second_service_of_a_process_declares_its_own_table() -> None:
    class Other(SQLModel, registry=new_registry()):
        pass

    class OtherAudit(AuditRow, Other, table=True):
        pass

    mine, other = Audit.metadata.tables["audit_log"], OtherAudit.metadata.tables["audit_log"]
    assert mine is not other
    assert {index.name for index in mine.indexes} == {index.name for index in other.indexes}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["email", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(JSON)
def test_protected_values_keep_their_shape_and_nothing_named(value: Any) -> None:
    def check(before: Any, after: Any) -> None:
        if isinstance(before, dict):
            assert list(before) == list(after)
            for name, item in before.items():
                if name == "email" and item is not None:
                    assert after[name] == keyed_hash("email", item, KEY)
                else:
                    check(item, after[name])
        elif isinstance(before, list):
            assert len(before) == len(after)
            for left, right in zip(before, after, strict=True):
                check(left, right)
        else:
            assert before == after

    check(value, protect(value, KEY, frozenset({"email"})))


def test_hash_depends_on_key_field_and_value_only() -> None:
    value = {"b": 1, "a": 2}
    assert keyed_hash("x", value, KEY) == keyed_hash("x", {"a": 2, "b": 1}, KEY)
    others = {keyed_hash("x", 1, KEY), keyed_hash("y", 1, KEY), keyed_hash("x", "1", KEY), keyed_hash("x", 1, b"other")}
    assert len(others) == 4
    assert keyed_hash("x", 1, KEY).startswith("hmac-sha256:")
    with pytest.raises(ValueError, match="key is empty"):
        keyed_hash("x", 1, b"")
    with pytest.raises(ValueError, match="key is empty"):
        protect({}, b"", frozenset())
