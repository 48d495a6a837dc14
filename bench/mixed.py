"""Everything at once through the gateway on PostgreSQL and Kafka: how long each operation takes, what a command costs.

usage: python -m bench.mixed [--minutes 30] [--commands 50] [--reads 100] [--accounts 60] [--every 10] [--only order]
    [--quick]

Operations begin at fixed times, whatever the system does (an open loop): a time is counted from the moment at which
the operation was meant to begin, so that what waits for a slow one is counted too. Every api, worker and gateway is a
process of its own. CPU is that of all of them with PostgreSQL and Kafka, reads included, by the command. Memory,
connections and lag are sampled and judged as `bench.soak` does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import signal
import time
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench.faults.checker import runtimes
from bench.faults.client import Ack, Client, Journal, Refused
from bench.faults.driver import SKUS, UNCHECKED, World, command_key, prepare
from bench.faults.processes import System
from bench.report import percentile, write
from bench.soak import Sampler, growing, rows_of
from kit import clock
from kit.events.kafka import KafkaBus
from kit.testing.native import make_folder

COMMANDS = {"order": 40, "payment": 20, "quote": 15, "activity": 10, "case": 10, "survey": 5}
READS = {"orders": 20, "accounts": 15, "credit lines": 15, "one order": 15, "attainment": 20, "360": 15}
"""Shares in hundredths. An answer to a survey is four commands: contact, consent, invitation, answer."""
LIMITS_MS = {"360": 150.0}
MOST_AT_ONCE = 500
SETTLED_SECONDS = 5.0
"""So old is an order that is paid: it is confirmed by then, unless the system is behind."""
UNTIL_SECONDS = 60.0


class Tally(Journal):
    """Counts acknowledgements; keeping each would be work of this load, on the same machine."""

    count: int = 0

    def add(self, lane: str, kind: str, path: str, key: str, answer: dict[str, Any], attempts: int) -> Ack:
        """One more."""
        self.count += 1
        return Ack(self.count, lane, kind, path, "", key, answer, attempts, time.time())


@dataclass
class Company:
    """What operations refer to."""

    world: World
    accounts: list[str] = field(default_factory=list)
    target: str = ""
    survey: str = ""
    orders: deque[tuple[float, dict[str, Any]]] = field(default_factory=lambda: deque(maxlen=5000))


async def _known(call: Callable[[], Awaitable[Any]]) -> Any:
    """What a service answers once it has heard of it."""
    until = time.monotonic() + UNTIL_SECONDS
    while True:
        try:
            return await call()
        except Refused:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.1)


async def found(client: Client, accounts: int) -> Company:
    """A company with prices, a target, a survey, and accounts whose limits are never reached."""
    rng = random.Random(2)
    company = Company(await prepare(client, random.Random(1), "mixed"))
    today = company.world.today

    async def make(path: str, body: object, method: str = "POST", **options: Any) -> dict[str, Any]:
        return await client.command("setup", "setup", path, body, command_key(rng), method=method, **options)

    book = await make(
        "/v1/price-books", {"code": "MIXED", "name": "Mixed", "currency": "USD", "valid_from": "2026-01-01"}
    )
    breaks = [{"min_quantity": 1, "unit_price": 10_000}]
    entries = [{"code": sku, "sku": sku, "method": "fixed", "breaks": breaks} for sku in SKUS]
    path = f"/v1/price-books/{book['id']}"
    await make(f"{path}/entries", {"entries": entries}, "PUT", headers={"If-Match": f'"{book["version"]}"'})
    await make(f"{path}/publish", None)
    period = {"period_start": f"{today.year}-01-01", "period_end": f"{today.year}-12-31"}
    target = await make("/v1/targets", {"name": "Mixed", "metric": "revenue", "amount": 10**12, **period})
    company.target = target["id"]
    await make(f"/v1/targets/{company.target}/activate", None)
    company.survey = (await make("/v1/surveys", {"name": "Mixed", "kind": "nps", "channels": ["email"]}))["id"]
    for number in range(accounts):
        body = {"kind": "organization", "name": f"Account {number}", "owner_id": rng.choice(company.world.members)}
        account = await make("/v1/accounts", body, headers=UNCHECKED)
        company.accounts.append(account["id"])
    for account_id in company.accounts:
        path = f"/v1/credit-profiles/{account_id}"
        profile = await _known(lambda path=path: client.get(path))  # type: ignore[misc]
        match = {"If-Match": f'"{profile["version"]}"'}
        await make(path, {"credit_limit": 10**13, "reason": "mixed load"}, "PATCH", headers=match, principal="officer")
    return company


class Load:
    """Operations by name, and how long each took."""

    def __init__(self, client: Client, company: Company) -> None:
        self._client, self._company, self._rng = client, company, random.Random(3)
        self.took: dict[str, list[float]] = {name: [] for name in (*COMMANDS, *READS)}
        self.refused: Counter[str] = Counter()
        self.why: Counter[str] = Counter()

    async def run(self, name: str, due: float) -> None:
        """One operation, counted from when it was due."""
        operation: Callable[[], Awaitable[None]] = getattr(self, "_" + name.replace(" ", "_").replace("360", "whole"))
        try:
            await operation()
        except Refused as error:
            self.refused[name] += 1
            self.why[f"{name} {error.status} {error.body.get('code', '')}"] += 1
            return
        self.took[name].append(1000 * (time.monotonic() - due))

    async def _send(self, path: str, body: object, **options: Any) -> dict[str, Any]:
        return await self._client.command("mixed", "mixed", path, body, command_key(self._rng), **options)

    def _account(self) -> str:
        return self._rng.choice(self._company.accounts)

    async def _order(self) -> None:
        world = self._company.world
        lines = [
            {"sku": sku, "quantity": self._rng.randrange(1, 6), "unit_price": 10_000, "tax_rate": 130_000}
            for sku in self._rng.sample(SKUS, self._rng.randrange(1, 4))
        ]
        body = {
            "account_id": self._account(),
            "partner_id": self._rng.choice([*world.partners, None]),
            "currency": "USD",
            "credits": [{"member_id": self._rng.choice(world.members), "share": 1_000_000}],
            "lines": lines,
            "place": True,
        }
        made = await self._send("/v1/orders", body)
        self._company.orders.append((time.monotonic(), made))

    async def _payment(self) -> None:
        orders = self._company.orders
        if not orders or time.monotonic() - orders[0][0] < SETTLED_SECONDS:
            return await self._order()
        order = orders.popleft()[1]
        body = {
            "account_id": order["account_id"],
            "currency": order["currency"],
            "amount": order["gross"],
            "received_on": clock.business_date("UTC"),
            "method": "bank_transfer",
            "allocations": [{"order_id": order["id"], "amount": order["gross"]}],
        }
        await self._send("/v1/payments", body)

    async def _quote(self) -> None:
        lines = [{"sku": sku, "quantity": self._rng.randrange(1, 9)} for sku in SKUS]
        await self._send("/v1/quotes", {"account_id": self._account(), "currency": "USD", "lines": lines})

    async def _activity(self) -> None:
        due = {"due_on": clock.business_date("UTC"), "kind": "visit", "phase": "pre_sale", "purpose": "presentation"}
        await self._send("/v1/activities", {**due, "subject": "Show the range", "account_id": self._account()})

    async def _case(self) -> None:
        body = {"kind": "complaint", "severity": "medium", "subject": "Two of three", "account_id": self._account()}
        await self._send("/v1/cases", body)

    async def _survey(self) -> None:
        mail = {"value": f"li.{self._rng.getrandbits(64):x}@mixed.example"}
        contact = await self._send("/v1/contacts", {"account_id": self._account(), "name": "Li", "emails": [mail]})
        consent = {
            "purpose": "survey",
            "channel": "email",
            "lawful_basis": "consent",
            "given_at": "2026-01-01T00:00:00Z",
        }
        await self._send(f"/v1/contacts/{contact['id']}/consents", consent)
        path = f"/v1/surveys/{self._company.survey}/invitations"
        (item,) = (await self._send(path, {"contacts": [{"contact_id": contact["id"]}]}))["items"]
        await self._send(f"/v1/survey-forms/{item['token']}/answer", {"score": self._rng.randrange(11)})

    async def _orders(self) -> None:
        await self._client.get("/v1/orders", account_id=self._account(), limit=50)

    async def _accounts(self) -> None:
        await self._client.get("/v1/accounts", limit=50, sort="name")

    async def _credit_lines(self) -> None:
        await self._client.get("/v1/credit-lines", limit=50)

    async def _one_order(self) -> None:
        orders = self._company.orders
        if orders:
            await self._client.get(f"/v1/orders/{self._rng.choice(orders)[1]['id']}")

    async def _attainment(self) -> None:
        await self._client.get("/v1/attainment", target_id=self._company.target)

    async def _whole(self) -> None:
        await self._client.get(f"/v1/customers/{self._account()}/360")


async def _at_a_rate(load: Load, shares: dict[str, int], per_second: float, stop: asyncio.Event) -> int:
    """Begin operations at fixed times until told to stop; how many could not, since too many were under way."""
    if not shares or not per_second:
        return 0
    rng, names, weights, left_out = random.Random(4), list(shares), list(shares.values()), 0
    due = time.monotonic()
    async with asyncio.TaskGroup() as group:
        running: set[asyncio.Task[None]] = set()
        while not stop.is_set():
            due += 1 / per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if len(running) >= MOST_AT_ONCE:
                left_out += 1
                continue
            task = group.create_task(load.run(rng.choices(names, weights)[0], due))
            running.add(task)
            task.add_done_callback(running.discard)
    return left_out


def _chosen(shares: dict[str, int], only: list[str]) -> dict[str, int]:
    return {name: share for name, share in shares.items() if not only or name in only}


def cpu_seconds(system: System) -> dict[str, float]:
    """Until now, by kind of process; `this load` is what sends and measures."""
    spent: defaultdict[str, float] = defaultdict(float)
    running = [(name, one.popen.pid) for name, one in system.processes.items() if one.popen is not None]
    running.append(("this load", os.getpid()))
    known = [(name, psutil.Process(pid)) for name, pid in running]
    server = system.postgres.process
    known += [("PostgreSQL", one) for one in (server, *server.children(recursive=True))]
    known += [("Kafka", one) for one in system.kafka.processes()]
    for name, process in known:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent[name] += times.user + times.system
        if process.pid == server.pid:
            spent[name] += times.children_user + times.children_system
    return spent


async def mixed(folder: Path, options: argparse.Namespace) -> tuple[Load, Sampler, dict[str, Any], list[str]]:
    """Start, load, sample, stop: times, samples, what was sent, and what ended by itself."""
    system, journal, stop = System(folder, faults=False), Tally(folder / "none"), asyncio.Event()
    bus = KafkaBus(system.kafka_address, "crmesh-mixed")
    try:
        await system.start()
        gateways = system.gateways()
        async with (
            runtimes(system, bus) as made,
            Client(gateways, journal) as patient,
            Client(gateways, journal, retries=False, connections=MOST_AT_ONCE) as client,
        ):
            load = Load(client, await found(patient, options.accounts))
            sampler, before, cpu = Sampler(system, made), journal.count, cpu_seconds(system)
            began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                writes = group.create_task(_at_a_rate(load, _chosen(COMMANDS, options.only), options.commands, stop))
                reads = group.create_task(_at_a_rate(load, _chosen(READS, options.only), options.reads, stop))
                while time.monotonic() - began < options.minutes * 60:
                    await sampler.sample()
                    await asyncio.sleep(options.every)
                stop.set()
            seconds, commands = time.monotonic() - began, journal.count - before
            spent = {name: seconds - cpu[name] for name, seconds in cpu_seconds(system).items()}
            own = spent.pop("this load")
            sent = {
                "commands": commands,
                "reads": sum(len(load.took[name]) for name in READS),
                "seconds": round(seconds, 1),
                "left_out": writes.result() + reads.result(),
                "refused": dict(load.why),
                "cpu_ms_by_command": round(1000 * sum(spent.values()) / max(1, commands), 2),
                "cpu_ms_by_process": {name: round(1000 * used / max(1, commands), 2) for name, used in spent.items()},
                "cpu_ms_of_this_load": round(1000 * own / max(1, commands), 2),
            }
            return load, sampler, sent, system.unexpected
    finally:
        stop.set()
        await bus.stop()
        await system.stop()


def rows_by_operation(load: Load, seconds: float) -> list[dict[str, Any]]:
    """How often and how long, by operation."""
    return [
        {
            "operation": name,
            "kind": "command" if name in COMMANDS else "read",
            "per_second": round(len(times) / seconds, 1),
            "p50_ms": round(percentile(times, 0.5), 1) if times else None,
            "p99_ms": round(percentile(times, 0.99), 1) if times else None,
            "limit_ms": LIMITS_MS.get(name),
            "refused": load.refused[name],
        }
        for name, times in load.took.items()
    ]


def main() -> None:
    """The command line; exits 1 when something grows, ended by itself, was refused or could not begin."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--commands", type=float, default=50, help="a second")
    parser.add_argument("--reads", type=float, default=100, help="a second")
    parser.add_argument("--accounts", type=int, default=60)
    parser.add_argument("--every", type=float, default=10, help="seconds between samples")
    parser.add_argument("--only", action="append", default=[], choices=[*COMMANDS, *READS], help="nothing else")
    parser.add_argument("--quick", action="store_true", help="one minute")
    options = parser.parse_args()
    if options.quick:
        options.minutes, options.every = 1.0, 2.0
    folder = make_folder("infra")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a run that is cut short ends what it has started
    try:
        load, sampler, sent, ended = asyncio.run(mixed(folder, options))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    grown = rows_of(sampler.series, sent["commands"])
    grow = growing(grown)
    rate = sent["commands"] / sent["seconds"]
    note = (
        f"{rate:.1f} commands/s and {sent['reads'] / sent['seconds']:.1f} reads/s for {sent['seconds']} s, "
        f"{sent['cpu_ms_by_command']} ms CPU by the command over all processes ({sent['cpu_ms_of_this_load']} more by "
        f"this load); {sent['left_out']} could not begin; "
        + (f"grows: {', '.join(grow)}" if grow else "memory, connections, lag and dead rows are flat")
    )
    write(
        "mixed", rows_by_operation(load, sent["seconds"]), note=note, sent=sent, grown=grown, ended=ended, repetitions=1
    )
    raise SystemExit(1 if grow or ended or sent["left_out"] or load.refused else 0)


if __name__ == "__main__":
    main()
