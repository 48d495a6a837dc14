"""Record scope: own, subtree, everything; by business day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from kit.db.database import Database, DatabaseSettings
from kit.security.principals import (
    Actor,
    Reach,
    Scope,
    owned_rows,
    reach_of,
    replace_principal,
    resolve_scope,
    scope_query,
)
from kit.testing.postgres import TestServer, drop_database
from tests.kit.tiny import tiny_database

REACHES: dict[str, Reach] = {"rep": "own", "manager": "subtree", "director": "all"}
COMPANY, NORTH, SOUTH, TEAM = (uuid4() for _ in range(4))
TODAY = date(2026, 3, 1)


@pytest.fixture
async def db(postgres_server: TestServer) -> AsyncIterator[Database]:
    name = await tiny_database(postgres_server)
    database = Database(DatabaseSettings(postgres_server.connect_args(name)))
    yield database
    await database.stop()
    await drop_database(postgres_server, name)


def membership(
    member: UUID, subject: str | None, *path: UUID, start: str = "2026-01-01", end: str | None = None
) -> Any:
    return {
        "id": member,
        "valid_from": start,
        "valid_to": end,
        "code": str(member)[:8],
        "subject": subject,
        "path": list(path),
    }


async def put(db: Database, *rows: Any) -> UUID:
    async with db.transaction() as tx:
        await replace_principal(tx, rows)
    member: UUID = rows[0]["id"]
    return member


async def scope(db: Database, subject: str, *roles: str, today: date = TODAY) -> Scope:
    async with db.reading() as tx:
        return await resolve_scope(tx, scope_query(Actor(subject, frozenset(roles), frozenset()), REACHES, today))


async def members(db: Database, subject: str, *roles: str, today: date = TODAY) -> set[UUID]:
    found = await scope(db, subject, *roles, today=today)
    assert not found.everything
    assert len(set(found.members)) == len(found.members)
    return set(found.members)


@pytest.mark.parametrize(
    ("roles", "reach"),
    [((), "own"), (("x",), "own"), (("rep", "manager"), "subtree"), (("manager", "director"), "all")],
)
def test_widest_reach_of_the_roles(roles: tuple[str, ...], reach: str) -> None:
    assert reach_of(Actor("a", frozenset(roles), frozenset()), REACHES) == reach


async def test_own_subtree_and_all(db: Database) -> None:
    rep = await put(db, membership(uuid4(), "rep", COMPANY, NORTH, TEAM))
    silent = await put(db, membership(uuid4(), None, COMPANY, NORTH, TEAM))
    north = await put(db, membership(uuid4(), "north", COMPANY, NORTH))
    south = await put(db, membership(uuid4(), "south", COMPANY, SOUTH))
    head = await put(db, membership(uuid4(), "head", COMPANY))
    assert await members(db, "rep", "rep") == {rep}
    assert await members(db, "rep", "manager") == {rep, silent}
    assert await members(db, "north", "rep") == {north}
    assert await members(db, "north", "manager") == {rep, silent, north}
    assert await members(db, "head", "manager") == {rep, silent, north, south, head}
    assert (await scope(db, "anyone", "director")).everything


async def condition(db: Database, subject: str, role: str) -> tuple[str, set[UUID]]:
    """The condition of a list, and the owners for which it holds."""
    query = scope_query(Actor(subject, frozenset({role}), frozenset()), REACHES, TODAY)
    async with db.reading() as tx:
        where, args = await owned_rows(tx, query, "p.id")
        return where, {row["id"] for row in await tx.fetch(f"SELECT p.id FROM principal p WHERE {where}", *args)}


async def test_lists_compare_a_single_owner_with_equality(db: Database) -> None:
    rep = await put(db, membership(uuid4(), "rep", COMPANY, NORTH, TEAM))
    north = await put(db, membership(uuid4(), "north", COMPANY, NORTH))
    twice = {await put(db, membership(uuid4(), "twice", COMPANY, SOUTH)) for _ in range(2)}
    assert await condition(db, "rep", "rep") == ("p.id = $1::uuid", {rep})
    assert (await condition(db, "twice", "rep"))[1] == twice
    assert (await condition(db, "north", "manager"))[1] == {rep, north}
    assert (await condition(db, "unknown", "rep"))[1] == set()
    assert await condition(db, "any", "director") == ("TRUE", {rep, north, *twice})


async def test_caller_without_a_row_sees_nothing(db: Database) -> None:
    await put(db, membership(uuid4(), None, COMPANY))
    await put(db, membership(uuid4(), "nowhere"))
    for role in ("rep", "manager"):
        assert await members(db, "unknown", role) == set()
    assert len(await members(db, "nowhere", "manager")) == 1
    assert not Scope(everything=False).sees(None)
    assert not Scope(everything=False, members=(NORTH,)).sees(SOUTH)
    assert Scope(everything=False, members=(NORTH,)).sees(NORTH)
    assert Scope(everything=True).sees(None)


async def test_membership_counts_from_its_first_day_until_the_next_one(db: Database) -> None:
    """A member moves from north to south on 15 March and leaves in April: a manager's view follows, own records stay,
    and what is theirs stays with the unit that they left."""
    mover = uuid4()
    await put(
        db,
        membership(mover, "mover", COMPANY, NORTH, end="2026-03-15"),
        membership(mover, "mover", COMPANY, SOUTH, start="2026-03-15", end="2026-04-01"),
    )
    north = await put(db, membership(uuid4(), "north", COMPANY, NORTH))
    south = await put(db, membership(uuid4(), "south", COMPANY, SOUTH))
    for today, who in (
        (date(2025, 12, 31), None),
        (date(2026, 1, 1), "north"),
        (date(2026, 3, 14), "north"),
        (date(2026, 3, 15), "south"),
        (date(2026, 3, 31), "south"),
        (date(2026, 4, 1), "south"),
    ):
        seen = {
            "north": mover in await members(db, "north", "manager", today=today),
            "south": mover in await members(db, "south", "manager", today=today),
        }
        assert seen == {"north": who == "north", "south": who == "south"}, today
        assert await members(db, "mover", "rep", today=today) == {mover}
    assert {north, south}.isdisjoint(await members(db, "mover", "manager", today=date(2026, 4, 1)))


async def test_manager_who_has_left_sees_own_records_only(db: Database) -> None:
    rep = await put(db, membership(uuid4(), "rep", COMPANY, NORTH))
    left = await put(db, membership(uuid4(), "left", COMPANY, NORTH, end="2026-02-01"))
    assert await members(db, "left", "manager", today=date(2026, 1, 31)) == {rep, left}
    assert await members(db, "left", "manager", today=date(2026, 2, 1)) == {left}


async def test_replacing_leaves_no_old_membership(db: Database) -> None:
    member = await put(db, membership(uuid4(), "a", COMPANY))
    await put(db, membership(member, "b", SOUTH))
    async with db.reading() as tx:
        rows = await tx.fetch("SELECT subject, path FROM principal WHERE id = $1", member)
    assert [(row["subject"], row["path"]) for row in rows] == [("b", [SOUTH])]
    assert await members(db, "a", "rep") == set()


async def test_what_is_theirs_stays_with_the_unit_that_somebody_left(db: Database) -> None:
    """Of their last membership, as of a day; nobody else's but those who lead there."""
    gone = uuid4()
    rows = [
        membership(gone, "gone", COMPANY, SOUTH, start="2026-01-01", end="2026-01-15"),
        membership(gone, "gone", COMPANY, NORTH, TEAM, start="2026-01-15", end="2026-02-01"),
        membership(gone, "gone", COMPANY, SOUTH, start="2026-04-01"),
    ]
    await put(db, *rows)
    north = await put(db, membership(uuid4(), "north", COMPANY, NORTH))
    south = await put(db, membership(uuid4(), "south", COMPANY, SOUTH))
    for today, of_north, of_south in (
        (date(2026, 1, 14), {north}, {south, gone}),
        (date(2026, 1, 31), {north, gone}, {south}),
        (TODAY, {north, gone}, {south}),
        (date(2026, 4, 1), {north}, {south, gone}),
    ):
        assert await members(db, "north", "manager", today=today) == of_north, today
        assert await members(db, "south", "manager", today=today) == of_south, today
    assert await members(db, "north", "rep") == {north}
    assert await members(db, "gone", "manager") == {gone}, "who has left leads nobody"
