"""A merge and its end that are killed at one statement after the other happen whole, once, or not at all."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.customer.conftest import World, reserved
from tests.customer.kills.lives import Lives
from tests.customer.merges.test_service import USCC, rows_left

MERGED, UNMERGED = "customer.account.merged.v1", "customer.account.unmerged.v1"


async def _traded(world: World, account: dict[str, Any]) -> None:
    """An order that is paid in part, and of which a piece came back."""
    order = await world.placed(account)
    await world.service.deliver(reserved(order))
    part = {"account_id": account["id"], "currency": "CNY", "amount": 100, "method": "cash"}
    body = {**part, "allocations": [{"order_id": order["id"], "amount": 100}]}
    assert (await world.service.post("/v1/payments", body)).status_code == 201
    back = {"lines": [{"line_no": 1, "quantity": 1}]}
    assert (await world.service.post(f"/v1/orders/{order['id']}/returns", back)).status_code == 201


async def _seen(world: World) -> tuple[Any, ...]:
    """What a merge writes."""
    rows = await world.service.rows(
        "SELECT coalesce(string_agg(a::text, ' ' ORDER BY a.id), '') AS accounts, "
        "(SELECT string_agg(m::text, ' ') FROM account_merge m) AS merges, "
        "(SELECT count(*) FROM outbox) AS said, (SELECT count(*) FROM audit_log) AS audited, "
        "(SELECT string_agg(k::text, ' ' ORDER BY k::text) FROM identity_key k) AS keys, "
        "(SELECT count(*) FROM account_fact) AS facts, (SELECT count(*) FROM idempotency_key) AS kept FROM account a"
    )
    return tuple(rows[0].values())


async def _until_it_comes_through(world: World, lives: Lives, path: str, body: dict[str, Any]) -> httpx.Response:
    """The answer of the first of these requests that is not killed; each lives a statement longer, and each leaves
    either nothing or all."""
    headers = world.service.headers(Idempotency_Key=uuid4().hex)
    before, dead, changes = await _seen(world), 0, 0
    while True:
        with lives.life(1 + dead) as life:
            answer = await world.service.post(path, body, headers=headers)
        if not life.is_over:
            break
        assert answer.status_code == 503, answer.text
        after = await _seen(world)
        before, changes, dead = after, changes + (after != before), dead + 1
    assert dead > 8
    assert changes == 1, "the last of them was killed after its commit"
    assert answer.status_code < 300, answer.text
    assert answer.headers["Idempotency-Replayed"] == "true"
    return answer


async def test_a_merge_and_its_end(world: World, lives: Lives) -> None:
    survivor = await world.account(name="Blue Harbour Trading", tags=["a"])
    merged = await world.account(name="Blue Harbor Trading", phone="13800138000", tags=["b"], country="CN", tax_id=USCC)
    for account in (survivor, merged):
        await _traded(world, account)
    before = await rows_left(world)
    body = {"merged_id": merged["id"], "fields": {"name": "merged"}, "reason": "one"}
    answer = await _until_it_comes_through(world, lives, f"/v1/accounts/{survivor['id']}/merge", body)
    made = answer.json()
    assert answer.status_code == 201
    assert (await world.service.get(f"/v1/accounts/{merged['id']}")).status_code == 307
    said = await world.service.published(MERGED)
    assert sorted(event.key for event in said) == sorted([survivor["id"], merged["id"]])
    assert {event.payload["merge_id"] for event in said} == {made["merge_id"]}
    assert len(await world.service.rows("SELECT FROM account_merge")) == 1

    answer = await _until_it_comes_through(world, lives, f"/v1/merges/{made['merge_id']}/unmerge", {})
    assert answer.json()["kept"] == []
    assert len(await world.service.published(UNMERGED)) == 2
    after = await rows_left(world)
    assert {name for name in before if before[name] != after[name]} == set()
