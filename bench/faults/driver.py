"""Commands at a steady rate, in lanes: a lane sends one command after the other and knows its own orders.

Two lanes share an account, so that decisions about one credit limit and one stream key compete.
Which commands a lane sends depends on the seed and on the answers it gets.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from bench.faults.client import Client, Refused
from kit import clock

RATE = "0.137"
SKUS = ("FAULT-A", "FAULT-B", "FAULT-C")
TIERS = [{"start": 0, "rate": 15_000}, {"start": 500_000, "rate": 25_000}]
VALID = {"valid_from": "2026-01-01", "valid_to": "2030-12-31"}
UNCHECKED = {"X-Skip-Duplicate-Check": "true"}
"""Accounts have the name of their lane: they are like one another."""
KEPT_ORDERS = 40


@dataclass
class World:
    """What everything refers to."""

    today: date
    units: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    partners: list[str] = field(default_factory=list)
    transfer_days: Sequence[int] = (0, -1, -2)
    """A transfer begins one of so many days after `today`; those in the past correct what was credited since."""


def command_key(rng: random.Random) -> UUID:
    """An Idempotency-Key of the seed."""
    return UUID(int=rng.getrandbits(128), version=4)


async def prepare(client: Client, rng: random.Random, run: str) -> World:
    """Units, members, products, partners, a rebate programme, an exchange rate; all journalled."""
    world = World(clock.business_date("UTC") - timedelta(days=1))

    async def make(kind: str, path: str, body: dict[str, Any]) -> str:
        return str((await client.command("setup", kind, path, body, command_key(rng)))["id"])

    company = await make("unit", "/v1/units", {"code": f"{run}-company", "name": "Company", "kind": "company"})
    for number in range(3):
        body = {"code": f"{run}-team-{number}", "name": f"Team {number}", "kind": "team", "parent_id": company}
        world.units.append(await make("unit", "/v1/units", body))
    for number in range(6):
        body = {"code": f"{run}-{number}", "role": "sales_rep", "unit_id": world.units[number % 3]}
        world.members.append(await make("member", "/v1/members", {**body, "valid_from": "2026-01-01"}))
    for sku in SKUS:
        await make("product", "/v1/products", {"sku": sku, "name": sku, "product_line": sku[-1].lower()})
    for number in range(3):
        body = {"code": f"{run}-P{number}", "name": f"Partner {number}", "kind": "reseller"}
        partner = await make("partner", "/v1/partners", {**body, "regions": ["CN-SH"]})
        await make("activate", f"/v1/partners/{partner}/activate", {})
        world.partners.append(partner)
    terms = {"kind": "marginal", "tiers": TIERS, "period": "quarter", **VALID, "partner_ids": world.partners[:2]}
    programme = await make("programme", "/v1/rebate-programmes", {"name": f"{run} rebate", **terms})
    await make("publish", f"/v1/rebate-programmes/{programme}/publish", {})
    rate = {"currency": "CNY", "rate": RATE, "valid_from": "2026-01-01"}
    await make("rate", "/v1/exchange-rates", rate)
    return world


class Pace:
    """Lets commands through at a rate; what an outage held back is not caught up."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._next = time.monotonic()

    async def turn(self) -> None:
        """Wait for the next slot."""
        self._next = max(self._next + self._interval, time.monotonic())
        await asyncio.sleep(self._next - time.monotonic())


class Lane:
    """One stream of commands about one account."""

    def __init__(self, client: Client, world: World, pace: Pace, name: str, seed: str, account: dict[str, Any]) -> None:
        self._client, self._world, self._pace, self._name = client, world, pace, name
        self._rng = random.Random(seed)
        self._account = account["id"]
        self._key = account["stream_key"]
        self._orders: list[str] = []
        self._payments: list[dict[str, Any]] = []
        self.is_first = name.endswith("a")

    async def run(self, stop: asyncio.Event) -> None:
        """Send commands until told to stop; what was begun is acknowledged first."""
        while not stop.is_set():
            try:
                await self.step()
            except Refused as error:
                if error.status not in (404, 409, 412, 422):
                    raise

    async def step(self) -> None:
        """One command, or an order with its placement."""
        dice = self._rng.random()
        if dice < 0.02:
            await self._open_account()
        elif dice < 0.05 and self.is_first:
            await self._change_limit()
        elif dice < 0.06:
            await self._move_member()
        elif dice < 0.50 or not self._orders:
            await self._order()
        else:
            await self._follow_up(self._rng.choice(self._orders[-KEPT_ORDERS:]))

    async def _send(self, kind: str, path: str, body: object, **options: Any) -> dict[str, Any]:
        await self._pace.turn()
        key = command_key(self._rng)
        return await self._client.command(self._name, kind, path, body, key, stream_key=self._key, **options)

    async def _open_account(self) -> None:
        body = {
            "kind": "organization",
            "name": f"Extra {self._name}",
            "owner_id": self._rng.choice(self._world.members),
        }
        await self._pace.turn()
        key = command_key(self._rng)
        await self._client.command(self._name, "account", "/v1/accounts", body, key, headers=UNCHECKED)

    async def _change_limit(self) -> None:
        profile = await self._client.get(f"/v1/credit-profiles/{self._account}")
        body = {"credit_limit": self._rng.randrange(50_000, 5_000_000), "reason": "fault run"}
        headers = {"If-Match": f'"{profile["version"]}"'}
        path = f"/v1/credit-profiles/{self._account}"
        await self._send("limit", path, body, method="PATCH", principal="officer", headers=headers)

    async def _move_member(self) -> None:
        member = self._rng.choice(self._world.members)
        start = self._world.today + timedelta(days=self._rng.choice(self._world.transfer_days))
        body = {"unit_id": self._rng.choice(self._world.units), "from": start, "correction": True}
        await self._pace.turn()
        # of no lane: two lanes may move one member, and its events have a key of their own
        await self._client.command(self._name, "move", f"/v1/members/{member}/move", body, command_key(self._rng))

    async def _order(self) -> None:
        lines = [
            {
                "sku": self._rng.choice(SKUS),
                "quantity": self._rng.randrange(1, 6),
                "unit_price": self._rng.randrange(1, 60_000),
                "tax_rate": self._rng.choice((0, 60_000, 130_000)),
            }
            for _ in range(self._rng.randrange(1, 4))
        ]
        sellers = self._rng.sample(self._world.members, 2)
        share = self._rng.randrange(1, 1_000_000)
        body = {
            "account_id": self._account,
            "partner_id": self._rng.choice([*self._world.partners, None]),
            "currency": self._rng.choice(("CNY", "USD")),
            "order_date": self._world.today,
            "credits": [
                {"member_id": sellers[0], "share": share},
                {"member_id": sellers[1], "share": 1_000_000 - share},
            ],
            "lines": lines,
        }
        made = await self._send("order", "/v1/orders", body)
        self._orders.append(made["id"])
        if self._rng.random() < 0.93:
            await self._send("place", f"/v1/orders/{made['id']}/place", None)

    async def _follow_up(self, order_id: str) -> None:
        order = await self._client.get(f"/v1/orders/{order_id}")
        dice = self._rng.random()
        path = f"/v1/orders/{order_id}"
        if order["state"] == "draft":
            await self._send("cancel", f"{path}/cancel", {"reason": "customer_request"})
        elif order["state"] == "on_hold" and dice < 0.4:
            decision = {
                "order_id": order_id,
                "placement": order["placement"],
                "decision": "override",
                "reason": "known_customer",
            }
            await self._send("override", "/v1/credit-decisions", decision, principal="officer")
        elif order["state"] == "on_hold" and dice < 0.7:
            await self._send("place", f"{path}/place", None)
        elif order["state"] == "on_hold":
            await self._send("cancel", f"{path}/cancel", {"reason": "customer_request"})
        elif order["state"] in ("confirmed", "fulfilled"):
            await self._after_confirmation(order, dice)
        else:
            await self._pace.turn()

    async def _after_confirmation(self, order: dict[str, Any], dice: float) -> None:
        due = order["gross"] - order["paid"]
        if dice < 0.45 and due > 0:
            await self._pay(order, self._rng.randrange(1, due + 1) if self._rng.random() < 0.4 else due)
        elif dice < 0.55 and self._payments:
            await self._refund(self._rng.choice(self._payments))
        elif dice < 0.80:
            left = [line for line in order["lines"] if line["returned"] < line["quantity"]]
            if left:
                line = self._rng.choice(left)
                pieces = self._rng.randrange(1, line["quantity"] - line["returned"] + 1)
                body = {"lines": [{"line_no": line["line_no"], "quantity": pieces}], "return_date": self._world.today}
                await self._send("return", f"/v1/orders/{order['id']}/returns", body)
        elif order["state"] == "confirmed":
            await self._send("fulfil", f"/v1/orders/{order['id']}/fulfil", None)
        else:
            await self._pace.turn()

    async def _pay(self, order: dict[str, Any], amount: int) -> None:
        body = {
            "account_id": self._account,
            "currency": order["currency"],
            "amount": amount,
            "received_on": self._world.today,
            "method": "bank_transfer",
            "allocations": [{"order_id": order["id"], "amount": amount}],
        }
        paid = await self._send("payment", "/v1/payments", body)
        self._payments.append({"id": paid["id"], "order_id": order["id"], "left": amount})

    async def _refund(self, payment: dict[str, Any]) -> None:
        if payment["left"] <= 0:
            return
        amount = self._rng.randrange(1, payment["left"] + 1)
        body = {
            "amount": amount,
            "refunded_on": self._world.today,
            "allocations": [{"order_id": payment["order_id"], "amount": amount}],
        }
        await self._send("refund", f"/v1/payments/{payment['id']}/refunds", body)
        payment["left"] -= amount


async def open_lanes(client: Client, world: World, pace: Pace, seed: int, accounts: int) -> list[Lane]:
    """Two lanes for each of so many new accounts."""
    rng = random.Random(f"{seed}-accounts")
    lanes = []
    for number in range(accounts):
        body = {"kind": "organization", "name": f"Account {number}", "owner_id": rng.choice(world.members)}
        made = await client.command("setup", "account", "/v1/accounts", body, command_key(rng), headers=UNCHECKED)
        for half in "ab":
            name = f"{number}{half}"
            lanes.append(Lane(client, world, pace, name, f"{seed}-{name}", made))
    return lanes


class Prober:
    """Measures how long it takes until a new order is credited: the way through all services but one."""

    def __init__(self, client: Client, world: World, seed: int) -> None:
        self._client, self._world = client, world
        self._rng = random.Random(f"{seed}-probe")
        self._account = ""

    async def start(self) -> None:
        """An account with a limit that is never reached."""
        body = {"kind": "organization", "name": "Probe", "owner_id": self._world.members[0]}
        key = command_key(self._rng)
        made = await self._client.command("probe", "account", "/v1/accounts", body, key, headers=UNCHECKED)
        self._account = made["id"]
        while True:
            try:
                profile = await self._client.get(f"/v1/credit-profiles/{self._account}")
                break
            except Refused:
                await asyncio.sleep(0.1)
        limit = {"credit_limit": 10**12, "reason": "fault run"}
        path, headers = f"/v1/credit-profiles/{self._account}", {"If-Match": f'"{profile["version"]}"'}
        await self._client.command(
            "probe", "limit", path, limit, command_key(self._rng), method="PATCH", headers=headers
        )

    async def probe(self) -> float:
        """Seconds from now until an order sent now is credited."""
        began = time.monotonic()
        body = {
            "account_id": self._account,
            "currency": "USD",
            "order_date": self._world.today,
            "credits": [{"member_id": self._world.members[0], "share": 1_000_000}],
            "lines": [{"sku": SKUS[0], "quantity": 1, "unit_price": 100}],
        }
        made = await self._client.command("probe", "order", "/v1/orders", body, command_key(self._rng))
        place = f"/v1/orders/{made['id']}/place"
        await self._client.command("probe", "place", place, None, command_key(self._rng))
        while True:
            if (await self._client.get("/v1/credit-lines", order_id=made["id"], limit=1))["items"]:
                return time.monotonic() - began
            await asyncio.sleep(0.05)
