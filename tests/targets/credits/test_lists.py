"""Credit lines are read through merges: an account is found under any that is one with it, and says where it leads."""

from __future__ import annotations

from typing import Any

from kit.ids import new_id
from tests.targets.territories.accounts import merge

PATH = "/v1/credit-lines"


async def credited(world: Any, account_id: str, amount: int, day: str) -> None:
    order = world.order({"a1": 1_000_000}, [amount], day, stream_key=account_id)
    await world.service.deliver(world.confirmed(order | {"account_id": account_id}))


async def listed(world: Any, query: str) -> list[tuple[int, str, str]]:
    answer = await world.service.get(f"{PATH}?{query}&sort=posting_date")
    assert answer.status_code == 200, answer.text
    return [(one["amount"], one["account_id"], one["filed_account_id"]) for one in answer.json()["items"]]


async def test_a_filter_by_any_of_a_group_finds_them_all(world: Any) -> None:
    one, two, three, apart, merge_id = (str(new_id()) for _ in range(5))
    for number, account in enumerate((one, two, three, apart), 1):
        await credited(world, account, number * 100, f"2026-02-{number:02}")
    assert await listed(world, f"account_id={two}") == [(200, two, two)]
    await world.service.deliver(merge(one, two, merge_id))
    await world.service.deliver(merge(two, three, str(new_id())))
    group = [(100, one, one), (200, one, two), (300, one, three)]
    for account in (one, two, three):
        assert await listed(world, f"account_id={account}") == group, "lines keep the account they were made for"
    assert await listed(world, f"account_id[in]={two},{apart}") == [*group, (400, apart, apart)]
    assert await listed(world, f"account_id[ne]={three}") == [(400, apart, apart)]
    assert await listed(world, f"filed_account_id={two}") == [(200, one, two)]
    await world.service.deliver(merge(one, two, merge_id, ends=True))
    assert await listed(world, f"account_id={one}") == [(100, one, one)]
    assert await listed(world, f"account_id={three}") == [(200, two, two), (300, two, three)]


async def test_pages_of_a_group_are_in_one_order(world: Any) -> None:
    one, two = str(new_id()), str(new_id())
    for number in range(1, 8):
        await credited(world, (one, two)[number % 2], number, f"2026-02-{number:02}")
    await world.service.deliver(merge(one, two, str(new_id())))
    found: list[int] = []
    path = f"{PATH}?account_id={two}&sort=-posting_date&limit=2"
    while True:
        page = (await world.service.get(path)).json()
        found += [item["amount"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        path = f"{PATH}?account_id={two}&sort=-posting_date&limit=2&cursor={page['next_cursor']}"
    assert found == [7, 6, 5, 4, 3, 2, 1]


async def test_a_group_is_asked_by_whoever_sees_its_lines(world: Any) -> None:
    one, two = str(new_id()), str(new_id())
    await credited(world, one, 100, "2026-02-01")
    order = world.order({"b1": 1_000_000}, [200], "2026-02-02", stream_key=two)
    await world.service.deliver(world.confirmed(order | {"account_id": two}))
    await world.service.deliver(merge(one, two, str(new_id())))
    own = world.service.headers("a1", "sales_rep")
    seen = (await world.service.get(f"{PATH}?account_id={two}", headers=own)).json()["items"]
    assert [item["amount"] for item in seen] == [100], "a merge opens no line of others"
