"""Deposits, allocations, refunds, voids and returns in any order, as customer books them and risk hears them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from services.risk.receivables.repository import off_ledger
from tests.customer.conftest import Both, lines

DEPOSITS = "SELECT coalesce(sum(amount), 0)::bigint AS left FROM exposure_entry WHERE order_id IS NULL"


async def deposits(both: Both) -> int:
    """Money on account in the ledger (negative: there is some)."""
    return int((await both.risk.rows(DEPOSITS))[0]["left"])


async def sound(both: Both) -> None:
    await both.settle()
    async with both.risk.transaction() as tx:
        assert await off_ledger(tx) == []


async def prepays(both: Both, share: int) -> None:
    """The account has no limit and pays a share of its orders first."""
    path = f"/v1/credit-profiles/{both.account['id']}"
    version = (await both.risk.get(path)).json()["version"]
    body = {"credit_limit": 0, "deposit_share": share, "reason": "prepays"}
    assert (await both.risk.patch(path, body, version)).status_code == 200


async def money(both: Both, amount: int, **fields: Any) -> dict[str, Any]:
    body = {"account_id": both.account["id"], "currency": "EUR", "amount": amount, "method": "card", **fields}
    return await both.made("/v1/payments", body)


async def test_an_order_that_is_prepaid_is_confirmed_by_its_money(both: Both) -> None:
    """Refused, paid in advance, placed again: confirmed, paid in the same moment, nothing on account, nothing owed."""
    await prepays(both, 1_000_000)
    order = await both.ordered(lines(40, 1250))
    assert (order["state"], order["checks"][0]["shortfall"]) == ("on_hold", order["gross_base"])
    await money(both, order["gross"], for_order_id=order["id"])
    assert (await both.world.order(order["id"]))["paid"] == 0
    await sound(both)
    assert await deposits(both) == -order["gross_base"]
    assert (await both.world.service.post(f"/v1/orders/{order['id']}/place")).status_code == 200
    assert await both.owed() == (0, 0)
    after = await both.world.order(order["id"])
    assert (after["state"], after["paid"], after["paid_base"]) == ("confirmed", order["gross"], order["gross_base"])
    assert await deposits(both) == 0
    await sound(both)


async def test_money_for_an_order_counts_without_a_share_and_for_no_other(both: Both) -> None:
    """No limit, no share: what names the order pays it; another one is refused as long as that waits, and after it."""
    await prepays(both, 0)
    order, other = await both.ordered(lines(40, 1250)), await both.ordered(lines(40, 1250))
    assert {order["state"], other["state"]} == {"on_hold"}
    paid = await money(both, order["gross"], for_order_id=order["id"])
    await sound(both)
    for one, state in ((other, "on_hold"), (order, "confirmed"), (other, "on_hold")):
        assert (await both.world.service.post(f"/v1/orders/{one['id']}/place")).status_code == 200
        await sound(both)
        assert (await both.world.order(one["id"]))["state"] == state
    assert await deposits(both) == 0
    assert await both.owed() == (0, 0)
    (row,) = await both.risk.rows("SELECT * FROM waiting_deposit")
    assert (str(row["payment_id"]), row["amount"], row["is_waiting"]) == (paid["id"], 0, False)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_came_before_what_is_settled_leaves_nothing(both: Both, seed: int) -> None:
    dice = random.Random(seed)
    walk = Walk(both, dice)
    for _ in range(3):
        order = await both.world.placed(both.account, lines=lines(3, dice.randint(1, 999)), currency="EUR", credits=[])
        walk.orders.append(order["id"])
        if dice.random() < 0.7:
            await walk.receive(for_order_id=order["id"])
    await both.settle()
    for _ in range(14):
        await dice.choice((walk.receive, walk.allocate, walk.refund, walk.void, walk.take_back))()
        if dice.random() < 0.3:
            await sound(both)
    await walk.end()
    await sound(both)
    assert await both.owed() == (0, 0)
    assert await deposits(both) == 0


class Walk:
    """Steps that may be refused (409), but never fail."""

    def __init__(self, both: Both, dice: random.Random) -> None:
        self.both, self.dice = both, dice
        self.orders: list[str] = []
        self.payments: list[str] = []

    async def call(self, path: str, body: dict[str, Any]) -> bool:
        answer = await self.both.world.service.post(path, body)
        assert answer.status_code in (200, 201, 409), answer.text
        return bool(answer.is_success)

    async def payment(self, payment_id: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.both.world.service.get(f"/v1/payments/{payment_id}")).json()
        return found

    async def receive(self, **fields: Any) -> None:
        self.payments.append((await money(self.both, self.dice.randint(1, 3000), **fields))["id"])

    async def allocate(self) -> None:
        if self.payments:
            part = {"order_id": self.dice.choice(self.orders), "amount": self.dice.randint(1, 900)}
            path = f"/v1/payments/{self.dice.choice(self.payments)}/allocations"
            await self.call(path, {"allocations": [part]})

    async def refund(self) -> None:
        if self.payments:
            payment = await self.payment(self.dice.choice(self.payments))
            part = [{"order_id": one["order_id"], "amount": 1} for one in payment["allocations"][:1]]
            await self.call(f"/v1/payments/{payment['id']}/refunds", {"amount": 1 + len(part), "allocations": part})

    async def void(self) -> None:
        if self.payments:
            await self.call(f"/v1/payments/{self.dice.choice(self.payments)}/void", {"reason": "bounced"})

    async def take_back(self) -> None:
        body = {"lines": [{"line_no": self.dice.randint(1, 3), "quantity": 1}]}
        await self.call(f"/v1/orders/{self.dice.choice(self.orders)}/returns", body)

    async def end(self) -> None:
        """Orders are settled in their currency, and what is left on account goes back."""
        for order_id in self.orders:
            order = await self.both.world.order(order_id)
            if missing := max(0, order["gross"] - order["returned"] - order["paid"]):
                await money(self.both, missing, allocations=[{"order_id": order_id, "amount": missing}])
        for payment_id in self.payments:
            payment = await self.payment(payment_id)
            for part in payment["allocations"]:
                order = await self.both.world.order(part["order_id"])
                surplus = order["returned"] + order["paid"] - order["gross"]
                if (back := min(surplus, part["amount"] - part["refunded"])) > 0:
                    parts = [{"order_id": order["id"], "amount": back}]
                    await self.call(f"/v1/payments/{payment_id}/refunds", {"amount": back, "allocations": parts})
            if payment["unallocated"]:
                await self.call(f"/v1/payments/{payment_id}/refunds", {"amount": payment["unallocated"]})
