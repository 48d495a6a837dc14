"""A write is committed before it is answered, or nothing of it stays and the answer says so."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from kit.web.routes import ATTEMPTS


async def test_answer_comes_after_the_commit(web: Any) -> None:
    answer = await web.create("a")
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert (await web.client.get(answer.headers["location"], headers=web.headers())).json() == answer.json()


@pytest.mark.parametrize(
    ("fields", "status", "code", "detail"),
    [
        ({"parent": str(uuid4())}, 409, "constraint-violated", "parent_fkey"),
        ({"size": 1001}, 409, "constraint-violated", "notes are small"),
        ({"size": -1}, 422, "invalid", "size_check"),
        ({"size": 2**40}, 422, "invalid", ""),
        ({"size": 2**70}, 422, "invalid", ""),
        ({"unchecked": "\0"}, 422, "invalid", ""),
        ({"unchecked": "".join(chr(0x4E00 + n % 20_000 * 7 % 20_000) for n in range(9_000))}, 422, "invalid", ""),
    ],
    ids=["deferred key", "deferred trigger", "check", "int4", "int8", "nul", "index row"],
)
async def test_what_the_database_refuses_is_a_problem_and_not_a_success(
    web: Any, fields: dict[str, Any], status: int, code: str, detail: str
) -> None:
    """The first two fail at COMMIT only."""
    answer = await web.create("secret-name", **fields, headers=web.headers(Idempotency_Key="k"))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert detail in answer.json()["detail"]
    assert "secret-name" not in answer.text
    assert await web.names() == []
    assert await web.count("idempotency_key") == 0


async def test_second_of_two_equal_names_is_a_conflict(web: Any) -> None:
    answers = await asyncio.gather(*(web.create("same") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert await web.names() == ["same"]


@pytest.mark.parametrize(("remark", "status"), [("conflict", 409), ("teapot", 418)])
async def test_refusal_raised_or_returned_is_rolled_back(web: Any, remark: str, status: int) -> None:
    assert (await web.create("a", remark=remark)).status_code == status
    assert await web.names() == []


async def test_full_disk_is_unavailable_and_not_a_failure_of_the_service(web: Any) -> None:
    """The same request succeeds once there is space again."""
    web.hooks.error, web.hooks.errors_left = asyncpg.DiskFullError("could not extend file"), 1
    answer = await web.create("a", headers=web.headers(Idempotency_Key="k"))
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert await web.names() == []
    assert (await web.create("a", headers=web.headers(Idempotency_Key="k"))).status_code == 201


@pytest.mark.parametrize("times", [1, ATTEMPTS - 1])
async def test_deadlock_is_worked_again(web: Any, times: int) -> None:
    web.hooks.error, web.hooks.errors_left = asyncpg.DeadlockDetectedError("deadlock"), times
    assert (await web.create("a", headers=web.headers(Idempotency_Key="k"))).status_code == 201
    assert (web.hooks.entered, await web.names()) == (times + 1, ["a"])


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DeadlockDetectedError("deadlock"),
        asyncpg.SerializationError("no"),
        asyncpg.LockNotAvailableError("no"),
        asyncpg.QueryCanceledError("too long"),
        asyncpg.AdminShutdownError("bye"),
        asyncpg.InterfaceError("connection is closed"),
        ConnectionRefusedError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_busy_or_absent_database_is_503(web: Any, error: Exception) -> None:
    web.hooks.error, web.hooks.errors_left = error, 1000
    answer = await web.create("a")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.headers["content-type"] == "application/problem+json"
    assert await web.names() == []


async def test_real_deadlock_between_two_requests(web: Any) -> None:
    """Two batches insert the same names in opposite order."""
    await web.create("warm")
    names = [f"n{n}" for n in range(40)]
    bodies = [{"rows": [{"name": name} for name in order]} for order in (names, names[::-1])]
    answers = await asyncio.gather(
        *(web.client.post("/v1/notes/batch", json=body, headers=web.headers()) for body in bodies)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(await web.names()) == 41


async def test_connection_lost_in_mid_request(web: Any) -> None:
    web.hooks.gate = asyncio.Event()
    pending = asyncio.create_task(web.create("a"))
    await web.hooks.began.wait()
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE xact_start IS NOT NULL AND state LIKE 'idle in%'"
    )
    async with web.runtime.db.reading() as tx:
        await tx.fetch(f"{kill} AND datname = current_database()")
    web.hooks.gate.set()
    assert (await pending).status_code == 503
    assert await web.names() == []
    web.hooks.gate = None
    assert (await web.create("a")).status_code == 201
