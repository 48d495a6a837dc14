"""Accounts that are one read as one: in lists, in figures, in what indicators and studies are made of."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from kit.work import system_work
from services.risk.scenarios.enums import ExposureDimension
from services.risk.studies import repository as studies
from tests.risk.conftest import Days, Order, Payment, account_created, open_account
from tests.risk.contracts.drafts import draft, signed
from tests.risk.holds.owing import place
from tests.risk.indicators.watched import shown, watch
from tests.risk.obligations.test_judging import owed
from tests.risk.redirects.test_decisions import redirect


async def _found(service: ServiceHarness, path: str, **query: object) -> list[dict[str, Any]]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    answer = await service.get(f"{path}?{asked}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def _owe(service: ServiceHarness, account_id: UUID, gross: int) -> Order:
    order = Order(account_id, gross)
    dates: dict[str, Any] = {"order_date": "2026-02-14", "net_base": gross}
    await service.deliver(order.placed(**dates), order.confirmed(**dates))
    return order


@pytest.fixture
async def pair(service: ServiceHarness, days: Days) -> tuple[UUID, UUID]:
    """Two accounts with an order each, a contract with an obligation, a hold and an indicator."""
    days.on(date(2026, 3, 1))
    root, merged = await open_account(service, 100_000), await open_account(service, 100_000)
    for account, gross in ((root, 600), (merged, 400)):
        await _owe(service, account, gross)
        path = await draft(service, account)
        await owed(service, path)
        await signed(service, "2026-02-20", path)
        await place(service, account_id=str(account), reason="rumour")
        await watch(service, account_id=str(account))
    return root, merged


LISTS = (
    "/v1/receivables",
    "/v1/contracts",
    "/v1/renewals",
    "/v1/obligations",
    "/v1/credit-holds",
    "/v1/indicators",
)


@pytest.mark.parametrize("path", LISTS)
async def test_any_member_finds_what_is_filed_under_all(
    service: ServiceHarness, pair: tuple[UUID, UUID], path: str
) -> None:
    root, merged = map(str, pair)
    merge_id = new_id()
    await service.deliver(*redirect(*pair, merge_id))
    for asked in pair:
        items = await _found(service, path, account_id=asked)
        assert {one["account_id"] for one in items} == {root}
        assert sorted(one["filed_account_id"] for one in items) == sorted((root, merged))
    (filed,) = await _found(service, path, filed_account_id=merged)
    key = filed["order_id"] if path == "/v1/receivables" else filed["id"]
    if path != "/v1/renewals":
        one = (await service.get(f"{path}/{key}")).json()
        assert (one["account_id"], one["filed_account_id"]) == (root, merged)
    assert await _found(service, path, **{"account_id[ne]": merged}) == []
    await service.deliver(*redirect(*pair, merge_id, ends=True))
    for each in (root, merged):
        (alone,) = await _found(service, path, account_id=each)
        assert (alone["account_id"], alone["filed_account_id"]) == (each, each)


async def test_ageing_and_figures_are_of_all(service: ServiceHarness, pair: tuple[UUID, UUID]) -> None:
    root, merged = pair
    await service.deliver(Payment(merged, 50).received())
    merge_id = new_id()
    await service.deliver(*redirect(root, merged, merge_id))
    (row,) = await _found(service, "/v1/receivable-ageings", as_of="2026-03-01", by="account")
    assert (row["key"], row["current"], row["unallocated"], row["total"]) == (str(root), 1_000, 50, 950)
    for asked in pair:
        found = (await service.get(f"/v1/receivable-figures?as_of=2026-03-01&account_id={asked}")).json()
        assert (found["sales"], found["owed"]) == (1_000, 1_000)
    await service.deliver(*redirect(root, merged, merge_id, ends=True))
    rows = await _found(service, "/v1/receivable-ageings", as_of="2026-03-01", by="account")
    assert {one["key"]: one["total"] for one in rows} == {str(root): 600, str(merged): 350}
    found = (await service.get(f"/v1/receivable-figures?as_of=2026-03-01&account_id={merged}")).json()
    assert found["owed"] == 400


async def test_indicators_count_a_group_as_one(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 4, 1))
    accounts = [new_id() for _ in range(3)]
    for account, gross in zip(accounts, (500, 300, 200), strict=True):
        await service.deliver(account_created(account))
        await _owe(service, account, gross)
    concentration = await watch(service, "customer_concentration", amber=9_000, red=9_500, hysteresis=0)
    overdue = await watch(service, account_id=str(accounts[0]))
    assert await shown(service, concentration) == (3_800, 3, "green")
    assert (await shown(service, overdue))[1] == 1
    await service.deliver(*redirect(accounts[0], accounts[1], new_id()))
    days.on(date(2026, 4, 2))
    assert await shown(service, concentration) == (6_800, 2, "green"), "80 and 20"
    assert (await shown(service, overdue))[1] == 2


async def test_a_group_has_one_exposure(service: ServiceHarness, pair: tuple[UUID, UUID]) -> None:
    root, merged = pair
    await service.deliver(*redirect(root, merged, new_id()))
    async with service.transaction() as tx:
        work = system_work(tx, service.runtime.service, service.runtime.settings)
        assert await studies.exposures(work.tx, ExposureDimension.ACCOUNT, work.today) == [1_000]
    rows = {one["account_id"]: one["merged_into"] for one in await _found(service, "/v1/exposures")}
    assert rows == {str(root): None, str(merged): str(root)}
