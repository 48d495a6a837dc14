"""Accounts that are one are decided about as one."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.customer import events_out as customer
from services.risk.events_out import CreditRefused, CreditReserved
from tests.risk.conftest import Order, balance, open_account, payment


def redirect(survivor: UUID, merged: UUID, merge_id: UUID, *, ends: bool = False, at: int = 0) -> list[Event]:
    """Both copies of a merge, or of its end."""
    kind = customer.AccountUnmerged if ends else customer.AccountMerged
    payload = kind.EXAMPLE | {
        "merge_id": merge_id,
        "survivor_id": survivor,
        "survivor_stream_key": survivor,
        "merged_id": merged,
        "merged_stream_key": merged,
        "merged_at": f"2026-02-14T03:0{at}:00Z",
    }
    return [
        make_event(kind.TYPE, payload | {"account_id": one, "stream_key": one}, one, subject=str(one))
        for one in (survivor, merged)
    ]


async def _profile(service: ServiceHarness, account_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = (await service.get(f"/v1/credit-profiles/{account_id}")).json()
    return found


@pytest.fixture
async def pair(service: ServiceHarness) -> tuple[UUID, UUID]:
    """A limit of 10,000 with 4,000 used, and one of 9,000 with 7,000."""
    root, merged = await open_account(service, 10_000), await open_account(service, 9_000)
    await service.deliver(Order(root, 4_000).placed(), Order(merged, 7_000).placed())
    return root, merged


async def _answer(service: ServiceHarness, order: Order) -> Any:
    await service.deliver(order.placed())
    said = [event for event in await service.published() if event.subject == str(order.id)]
    return said[-1]


async def test_a_group_decides_under_its_root_and_its_sum(service: ServiceHarness, pair: tuple[UUID, UUID]) -> None:
    root, merged = pair
    merge_id = new_id()
    await service.deliver(*redirect(root, merged, merge_id))
    assert (await _profile(service, root))["use"] == 11_000
    assert (await _profile(service, merged))["merged_into"] == str(root)
    for account in (root, merged):
        said = await _answer(service, Order(account, 1))
        assert (said.type, said.payload["shortfall"]) == (CreditRefused.TYPE, 1_001)
        assert (said.payload["limit"], said.payload["exposure_before"]) == (10_000, 11_000)
        assert said.payload["account_id"] == str(account)
        assert said.payload["decided_under"] == (None if account == root else str(root))
    found = (await service.get(f"/v1/credit-decisions?account_id={root}&sort=-decided_at")).json()["items"]
    assert len(found) == 4
    assert {one["account_id"] for one in found} == {str(root)}
    assert {one["filed_account_id"] for one in found} == {str(root), str(merged)}
    assert found[0]["decided_under"] == str(root)
    await service.deliver(*redirect(root, merged, merge_id, ends=True))
    assert [(await _profile(service, one))["headroom"] for one in pair] == [6_000, 2_000]
    assert [await balance(service, one) for one in pair] == [4_000, 7_000]
    for account, amount in zip(pair, (6_000, 2_000), strict=True):
        assert (await _answer(service, Order(account, amount + 1))).payload["shortfall"] == 1
        assert (await _answer(service, Order(account, amount))).type == CreditReserved.TYPE


async def test_the_first_copy_counts_and_a_merge_that_ended_never_stands(
    service: ServiceHarness, pair: tuple[UUID, UUID]
) -> None:
    root, merged = pair
    first, second = new_id(), new_id()
    begun, ended = redirect(root, merged, first), redirect(root, merged, first, ends=True)
    await service.deliver(begun[1])
    assert (await _profile(service, root))["use"] == 11_000
    await service.deliver(ended[0])
    assert (await _profile(service, root))["use"] == 4_000
    await service.deliver(begun[0], ended[1])
    assert (await _profile(service, root))["use"] == 4_000
    await service.deliver(*redirect(root, merged, second, ends=True))
    await service.deliver(*redirect(root, merged, second))
    assert (await service.rows("SELECT * FROM account_root")) == []


async def test_chains_part_in_any_order(service: ServiceHarness) -> None:
    ids = [await open_account(service, 1_000 * number) for number in (1, 2, 3)]
    await service.deliver(*(Order(account, 100 * number).placed() for number, account in enumerate(ids, 1)))
    lower, upper = new_id(), new_id()
    await service.deliver(*redirect(ids[1], ids[2], lower), *redirect(ids[0], ids[1], upper, at=1))
    assert [(await _profile(service, one))["merged_into"] for one in ids] == [None, str(ids[0]), str(ids[0])]
    assert (await _profile(service, ids[0]))["use"] == 600
    await service.deliver(*redirect(ids[0], ids[1], upper, ends=True))
    assert [(await _profile(service, one))["use"] for one in ids[:2]] == [100, 500]
    await service.deliver(*redirect(ids[1], ids[2], lower, ends=True))
    assert [(await _profile(service, one))["use"] for one in ids] == [100, 200, 300]


async def test_a_hold_of_any_binds_all(service: ServiceHarness, pair: tuple[UUID, UUID]) -> None:
    root, merged = pair
    held = {"account_id": str(merged), "reason": "insolvency_rumour"}
    assert (await service.post("/v1/credit-holds", held)).status_code == 201
    assert (await _answer(service, Order(root, 1))).type == CreditReserved.TYPE
    await service.deliver(*redirect(root, merged, new_id()))
    assert (await _answer(service, Order(root, 1))).payload["cause"] == "on_hold"


async def test_the_profile_of_a_merged_account_does_not_change(
    service: ServiceHarness, pair: tuple[UUID, UUID]
) -> None:
    root, merged = pair
    merge_id = new_id()
    await service.deliver(*redirect(root, merged, merge_id))
    before = await _profile(service, merged)
    body = {"credit_limit": 1, "reason": "lower"}
    answer = await service.patch(f"/v1/credit-profiles/{merged}", body, before["version"])
    assert (answer.status_code, answer.json()["code"]) == (409, "account-merged")
    rows = {"rows": [{"account_id": str(merged), "credit_limit": 1}, {"account_id": str(root), "credit_limit": 2}]}
    results = (await service.post("/v1/credit-profiles/batch", rows)).json()["results"]
    assert [one["status"] for one in results] == ["problem", "updated"]
    await service.deliver(*redirect(root, merged, merge_id, ends=True))
    assert (await _profile(service, merged)) == before | {"merged_into": None}


async def test_an_officer_releases_under_the_root(service: ServiceHarness, pair: tuple[UUID, UUID]) -> None:
    root, merged = pair
    await service.deliver(*redirect(root, merged, new_id()))
    order = Order(merged, 10)
    assert (await _answer(service, order)).type == CreditRefused.TYPE
    answer = await service.post(
        "/v1/credit-decisions", {"order_id": str(order.id), "decision": "override", "reason": "guarantee"}
    )
    assert answer.status_code == 201, answer.text
    said = (await service.published(CreditReserved.TYPE))[-1].payload
    assert (said["decided_under"], said["limit"], said["exposure_before"]) == (str(root), 10_000, 11_000)
    await service.deliver(payment(merged, (order, 10)))
    assert [await balance(service, one) for one in pair] == [4_000, 7_000]


async def test_decisions_and_merges_at_once_take_turns(service: ServiceHarness, pair: tuple[UUID, UUID]) -> None:
    root, merged = pair
    orders = [Order(account, 500) for account in (root, merged) for _ in range(6)]
    merge_id = new_id()
    copies = redirect(root, merged, merge_id)
    await asyncio.gather(*(service.deliver_alone(event) for event in (*copies, *(order.placed() for order in orders))))
    rows = await service.rows(
        "SELECT account_id, decided_under, exposure_before, amount, decision FROM credit_decision ORDER BY decided_at"
    )
    assert len(rows) == 14
    total = sum([await balance(service, one) for one in pair])
    reserved = [row for row in rows if row["decision"] == "automatic"]
    assert total == sum(row["amount"] for row in reserved)
    for row in rows:
        if row["decided_under"] is not None:
            assert (row["account_id"], row["exposure_before"] >= 11_000) == (merged, True)
    said = await _answer(service, Order(merged, 1))
    assert said.payload["exposure_before"] == total
