"""A caller's deadline stops the work before its commit and never in it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest


async def test_work_past_its_deadline_is_rolled_back(web: Any) -> None:
    web.hooks.gate = asyncio.Event()
    headers = web.headers(Idempotency_Key="k", X_Request_Timeout_Ms="150")
    answer = await asyncio.wait_for(web.create("a", headers=headers), 5)
    assert (answer.status_code, answer.json()["code"]) == (504, "deadline-exceeded")
    assert answer.headers["content-type"] == "application/problem+json"
    assert await web.names() == []
    assert await web.count("idempotency_key") == 0
    web.hooks.gate.set()
    assert (await web.create("a", headers=headers)).status_code == 201, "the same key may try again"
    assert await web.names() == ["a"]


async def test_a_statement_that_waits_is_cancelled(web: Any) -> None:
    blocker = await web.runtime.db.connect()
    try:
        async with blocker.transaction():
            await blocker.execute("LOCK TABLE note")
            answers = await asyncio.gather(
                *(web.create(f"n{n}", headers=web.headers(X_Request_Timeout_Ms="200")) for n in range(8))
            )
            assert [answer.status_code for answer in answers] == [504] * 8
    finally:
        await blocker.close()
    assert (await web.create("after")).status_code == 201, "the connections are usable again"
    assert await web.names() == ["after"]


async def test_reads_are_cut_off_too(web: Any) -> None:
    made = await web.create("a")
    blocker = await web.runtime.db.connect()
    try:
        async with blocker.transaction():
            await blocker.execute("LOCK TABLE note")
            headers = web.headers(X_Request_Timeout_Ms="100")
            answer = await web.client.get(made.headers["location"], headers=headers)
            assert answer.status_code == 504
    finally:
        await blocker.close()


async def test_a_commit_is_not_cut_off(web: Any) -> None:
    """The deferred trigger runs in the commit, longer than the deadline."""
    async with web.runtime.db.transaction() as tx:
        await tx.execute(
            "CREATE OR REPLACE FUNCTION note_is_small() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_sleep(1.5); RETURN NEW; END $$"
        )
    answer = await web.create("slow", headers=web.headers(X_Request_Timeout_Ms="1000"))
    assert answer.status_code == 201
    assert await web.names() == ["slow"]


@pytest.mark.parametrize("given", ["", "soon", "-5", "1.5", "9" * 12, "٣"])
async def test_malformed_deadlines_are_none(web: Any, given: str) -> None:
    answer = await web.create("a", headers=web.headers() | {"X-Request-Timeout-Ms": given.encode()})
    assert answer.status_code == 201
