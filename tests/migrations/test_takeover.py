"""Lanes take over from the one group of release 0.1.0: nothing is lost, repeated or left with the old group."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from kit.db.database import DatabaseSettings
from kit.db.migrate import migrations_folder, run_alembic, upgrade
from kit.events.handlers import topic_of_type
from kit.events.takeover import BEYOND
from kit.testing.postgres import TestServer, create_database, drop_database, unique_name
from standalone.registry import room
from tests.architecture.source import SERVICES

BEFORE = {"customer": "0003", "targets": "0003", "channels": "0001", "risk": "0001"}
"""The last revision of release 0.1.0."""

_PARK = """
INSERT INTO parked_event (grp, key, event_id, type, topic, partition, log_offset, headers, value, error, attempts,
                          discarded_at)
VALUES ($1, $2, $3, $4, 't', 0, $5, '[]', '{}', 'boom', 6, $6)
"""
_AUDIT = """
INSERT INTO audit_log (actor, roles, action, resource, resource_id, reason, request_id, trace_id)
VALUES ('a', '{}', 'create', 'r', '1', '', '', '')
"""


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def settings(postgres_server: TestServer, service: str) -> AsyncIterator[DatabaseSettings]:
    name = await create_database(postgres_server, unique_name("takeover"))
    made = DatabaseSettings(postgres_server.connect_args(name), name=service)
    await upgrade(service, made, BEFORE[service])
    yield made
    await drop_database(postgres_server, name)


@pytest.fixture
async def old(settings: DatabaseSettings) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(**settings.connect)
    yield connection
    await connection.close()


async def fill(connection: asyncpg.Connection, service: str) -> list[tuple[str, UUID, str, bool]]:
    """Offsets of some partitions and a parked and a discarded event of every type; (key, id, type, is discarded)."""
    subscriptions, group = room(service, "subscriptions").subscriptions, f"crmesh.{service}"
    await connection.execute(_AUDIT)
    for topic in sorted({topic for _group, topic in topics_of(service)}):
        for partition in (0, 5):
            await connection.execute(
                "INSERT INTO consumer_offset VALUES ($1, $2, $3, $4)", group, topic, partition, 70 + partition
            )
    parked = []
    known = {name for types in taken_over(service)._LANES.values() for name in types}
    assert known <= set(subscriptions.handlers)
    for number, name in enumerate(sorted(known)):
        for is_discarded in (False, True):
            event_id, at = uuid4(), await connection.fetchval("SELECT now() WHERE $1", is_discarded)
            await connection.execute(_PARK, group, f"k{number}", event_id, name, number, at)
            parked.append((f"k{number}", event_id, name, is_discarded))
    return parked


def taken_over(service: str) -> Any:
    """The revision that takes over: what it names is what release 0.1.0 had; later handlers and projections are new."""
    (path,) = (migrations_folder(service) / "versions").glob("*_lanes.py")
    spec = importlib.util.spec_from_file_location(f"taken_over_{service}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def topics_of(service: str) -> set[tuple[str, str]]:
    """Groups of the lanes and the topics that they take over; where a lane begins on a later one its worker says."""
    lanes = taken_over(service)._LANES
    return {(f"crmesh.{service}.{lane}", topic_of_type(name)) for lane, types in lanes.items() for name in types}


def lanes_of(service: str, event_type: str) -> list[str]:
    lanes = taken_over(service)._LANES
    return [f"crmesh.{service}.{lane}" for lane, types in lanes.items() if event_type in types]


async def offsets(connection: asyncpg.Connection) -> dict[tuple[str, str, int], int]:
    rows = await connection.fetch("SELECT grp, topic, partition, next_offset FROM consumer_offset")
    return {(row[0], row[1], row[2]): row[3] for row in rows}


async def parked_of(connection: asyncpg.Connection) -> list[tuple[Any, ...]]:
    rows = await connection.fetch("SELECT grp, event_id, discarded_at IS NOT NULL FROM parked_event ORDER BY id")
    return [tuple(row) for row in rows]


async def test_each_lane_gets_what_is_its_business(
    service: str, settings: DatabaseSettings, old: asyncpg.Connection
) -> None:
    parked = await fill(old, service)
    await upgrade(service, settings)
    subscriptions = room(service, "subscriptions").subscriptions
    stands = {0: 70, 5: 75}
    places = [(group, topic, number) for group, topic in topics_of(service) for number in range(12)]
    wanted = {place: stands.get(place[2], 0) for place in places}
    wanted |= {(f"crmesh.{service}", topic, number): BEYOND for _group, topic, number in places}
    assert await offsets(old) == wanted
    expected = [(group, each, gone) for _key, each, name, gone in parked for group in lanes_of(service, name)]
    found = await parked_of(old)
    assert sorted(found) == sorted(expected)
    for group in {row[0] for row in found}:  # in the order in which they were parked
        assert [row for row in found if row[0] == group] == [row for row in expected if row[0] == group]
    states = {row[0]: row[1] for row in await old.fetch("SELECT name, state FROM projection_state")}
    projections = taken_over(service)._PROJECTIONS
    assert set(projections) <= set(subscriptions.projections)
    assert states == dict.fromkeys(projections, "live")


async def test_an_empty_database_begins_at_the_start(
    service: str, settings: DatabaseSettings, old: asyncpg.Connection
) -> None:
    await upgrade(service, settings)
    lanes = {place: at for place, at in (await offsets(old)).items() if place[0] != f"crmesh.{service}"}
    assert set(lanes.values()) == {0}
    assert await old.fetch("SELECT FROM projection_state") == []


async def test_a_batch_of_an_old_worker_is_waited_for(
    service: str, settings: DatabaseSettings, old: asyncpg.Connection
) -> None:
    """What it has begun counts, what it begins afterwards finds the offset moved and is dropped."""
    await fill(old, service)
    topic, group = min(topic for _group, topic in topics_of(service)), f"crmesh.{service}"
    batch = old.transaction()
    await batch.start()
    await old.execute("UPDATE consumer_offset SET next_offset = 99 WHERE topic = $1 AND partition = 5", topic)
    upgrading = asyncio.create_task(upgrade(service, settings))
    done, _waiting = await asyncio.wait({upgrading}, timeout=1.5)
    assert not done
    await batch.commit()
    await upgrading
    found = await offsets(old)
    assert {at for (who, what, number), at in found.items() if (what, number) == (topic, 5) and who != group} == {99}
    assert found[(group, topic, 5)] == BEYOND


async def test_the_way_back(service: str, settings: DatabaseSettings, old: asyncpg.Connection) -> None:
    parked = await fill(old, service)
    before = await offsets(old)
    await upgrade(service, settings)
    handled = uuid4()
    group = room(service, "subscriptions").subscriptions.lanes[0].group
    await old.execute("INSERT INTO inbox (grp, event_id) VALUES ($1, $2)", group, handled)
    await asyncio.to_thread(run_alembic, service, settings.connect, "downgrade", BEFORE[service])
    assert await offsets(old) == before
    assert await parked_of(old) == [(f"crmesh.{service}", each, gone) for _key, each, _name, gone in parked]
    assert [tuple(row) for row in await old.fetch("SELECT grp, event_id FROM inbox")] == [
        (f"crmesh.{service}", handled)
    ]
