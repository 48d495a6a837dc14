"""Batch inserts typed by the table, and versioned updates."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.schema import CreateTable
from sqlmodel import Field, SQLModel

from kit.db.columns import Versioned, big_int, document, identifier, identifiers, moment, new_registry
from kit.db.database import Database
from kit.db.rows import insert_returning, insert_rows, table_name, update_row
from kit.errors import VersionMismatch
from kit.ids import new_id
from tests.kit.tiny import POSTGRESQL

registry = new_registry()


class Base(SQLModel, registry=registry):
    """Tables of this test."""


class Sample(Base, Versioned, table=True):
    __tablename__ = "samples"
    id: UUID = identifier(primary_key=True)
    label: str | None = None
    amount: int | None = big_int(default=None)
    rate: Decimal | None = Field(default=None, sa_type=sa.Numeric)
    due: date | None = None
    seen_at: datetime | None = moment(default=None)
    owners: list[UUID] | None = identifiers(default=None)
    details: dict[str, Any] | None = document(default=None)


@pytest.fixture
async def db(database: Database) -> Database:
    async with database.transaction() as tx:
        await tx.execute(str(CreateTable(registry.metadata.tables["samples"]).compile(dialect=POSTGRESQL)))
    return database


def row(**values: object) -> dict[str, object]:
    return {"id": new_id(), **values}


async def stored(db: Database, row_id: object) -> asyncpg.Record:
    async with db.reading() as tx:
        found = await tx.fetchrow("SELECT * FROM samples WHERE id = $1", row_id)
    assert found is not None
    return found


class Colour(Enum):
    RED = "red"


class Shape(StrEnum):
    ROUND = "round"


class OldShape(str, Enum):  # noqa: UP042 - its str() is not its value
    SQUARE = "square"


async def test_every_column_type_arrives_as_it_was(db: Database) -> None:
    owners = [new_id(), new_id()]
    seen = datetime(2026, 1, 31, 23, 59, 59, 123456, tzinfo=UTC)
    first = row(
        label='雪 "quoted" \\ \n\t 𝒳 \x7f',
        amount=2**63 - 1,
        rate=Decimal("12345678901234567890.123456789012"),
        due=date(1, 1, 1),
        seen_at=seen,
        owners=owners,
        details={"a": [1, None, {"é": True}], "big": 2**62},
    )
    second = row(label="", amount=-(2**63), rate=Decimal("-0.10"), due=None, seen_at=None, owners=[], details=None)
    async with db.transaction() as tx:
        assert await insert_rows(tx, Sample, [first, second]) == 2
    found = await stored(db, first["id"])
    assert {name: found[name] for name in first if name != "details"} == {
        name: value for name, value in first.items() if name != "details"
    }
    assert orjson.loads(found["details"]) == first["details"]
    found = await stored(db, second["id"])
    assert {name: found[name] for name in second} == second
    assert found["version"] == 1


async def test_enums_are_stored_by_value(db: Database) -> None:
    rows = [row(label=Colour.RED), row(label=Shape.ROUND), row(label=OldShape.SQUARE)]
    async with db.transaction() as tx:
        await insert_rows(tx, Sample, rows)
    assert [(await stored(db, item["id"]))["label"] for item in rows] == ["red", "round", "square"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    label=st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    amount=st.none() | st.integers(-(2**63), 2**63 - 1),
    rate=st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=6),
    owners=st.none() | st.lists(st.uuids(), max_size=3),
)
async def test_any_value_comes_back(
    db: Database, label: str | None, amount: int | None, rate: Decimal | None, owners: list[UUID] | None
) -> None:
    item = row(label=label, amount=amount, rate=rate, owners=owners)
    async with db.transaction() as tx:
        await insert_rows(tx, Sample, [item])
    found = await stored(db, item["id"])
    assert {name: found[name] for name in item} == item


async def test_columns_left_out_take_their_defaults_and_no_rows_is_no_statement(db: Database) -> None:
    async with db.transaction() as tx:
        assert await insert_rows(tx, Sample, []) == 0
        assert await insert_returning(tx, Sample, [], "RETURNING id") == []
        (returned,) = await insert_returning(tx, Sample, [row(label="x")], "RETURNING version, created_at, amount")
    assert (returned["version"], returned["amount"]) == (1, None)
    assert returned["created_at"].tzinfo is not None


async def test_conflict_clause_counts_and_returns_new_rows_only(db: Database) -> None:
    old, new = row(label="old"), row(label="new")
    async with db.transaction() as tx:
        assert await insert_rows(tx, Sample, [old]) == 1
        assert await insert_rows(tx, Sample, [old, old], "ON CONFLICT DO NOTHING") == 0
        returned = await insert_returning(tx, Sample, [old, new], "ON CONFLICT DO NOTHING RETURNING id")
    assert [item["id"] for item in returned] == [new["id"]]


@pytest.mark.parametrize("values", [{"amount": 2**63}, {"due": "2026-02-30"}, {"label": "a\x00b"}, {"owners": ["x"]}])
async def test_value_that_does_not_fit_inserts_nothing(db: Database, values: dict[str, object]) -> None:
    with pytest.raises(asyncpg.DataError):
        async with db.transaction() as tx:
            await insert_rows(tx, Sample, [row(**dict.fromkeys(values)), row(**values)])
    async with db.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM samples") == 0


async def test_update_changes_the_named_columns_and_raises_the_version(db: Database) -> None:
    item = row(label="a", amount=1, details={"k": 1})
    async with db.transaction() as tx:
        await insert_rows(tx, Sample, [item])
        changes = {"amount": None, "owners": [item["id"]], "details": {"k": [2]}}
        assert await update_row(tx, Sample, UUID(str(item["id"])), 1, changes) == 2
        assert await update_row(tx, Sample, UUID(str(item["id"])), 2, {"label": "b"}) == 3
    found = await stored(db, item["id"])
    assert (found["label"], found["amount"], found["owners"], found["version"]) == ("b", None, [item["id"]], 3)
    assert orjson.loads(found["details"]) == {"k": [2]}


async def test_stale_or_unknown_version_changes_nothing(db: Database) -> None:
    item = row(label="a")
    row_id = UUID(str(item["id"]))
    async with db.transaction() as tx:
        await insert_rows(tx, Sample, [item])
    for target, version in ((row_id, 2), (row_id, 0), (new_id(), 1)):
        with pytest.raises(VersionMismatch):
            async with db.transaction() as tx:
                await update_row(tx, Sample, target, version, {"label": "b"})
    found = await stored(db, row_id)
    assert (found["label"], found["version"]) == ("a", 1)


async def test_of_updaters_at_once_exactly_one_wins(db: Database) -> None:
    item = row(label="a")
    row_id = UUID(str(item["id"]))
    async with db.transaction() as tx:
        await insert_rows(tx, Sample, [item])

    async def update(label: str) -> str | None:
        try:
            async with db.transaction() as tx:
                await tx.fetchval("SELECT version FROM samples WHERE id = $1", row_id)
                await asyncio.sleep(0.01)
                await update_row(tx, Sample, row_id, 1, {"label": label})
        except VersionMismatch:
            return None
        return label

    winners = [label for label in await asyncio.gather(*(update(f"by {n}") for n in range(6))) if label]
    found = await stored(db, row_id)
    assert len(winners) == 1
    assert (found["label"], found["version"]) == (winners[0], 2)


def test_table_name() -> None:
    assert table_name(Sample) == "samples"
