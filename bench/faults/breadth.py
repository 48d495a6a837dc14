"""Commands beside orders and money: quotes, cases, activities, surveys, imports, merges, grading runs, studies, plans.

A lane has an account of its own, which goes on in every merge. What it asks for as a job ends by itself; the checker
compares what is acknowledged with what is there (`bench/faults/broad.py`).
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import date
from typing import Any

from bench.faults.client import Client, Refused
from bench.faults.driver import SKUS, UNCHECKED, Pace, World, command_key

ROWS_OF_AN_IMPORT = 20
CONTENT = 7
"""Whoever gives less has a case opened, which nobody asked for."""
SCENARIO = {"name": "Fault", "frequency": {"kind": "poisson", "mean": 2}}
SEVERITY = {"kind": "lognormal", "q05": 10_000, "q95": 40_000}
STUDY = {"name": "Fault", "horizon_months": 12, "trials": 10_000, "seed": 1, "is_reference": False}
LINKED = {"cause": "A fault", "event": "It stops", "consequence": "It is late", "causes": [], "consequences": []}
AGAIN_SECONDS = 0.3


@dataclass
class Ground:
    """What the commands of all broad lanes refer to."""

    survey: str
    scenario: str
    target: str


async def lay_ground(client: Client, world: World, rng: random.Random, run: str) -> Ground:
    """Prices, a survey, a risk with a scenario, a target."""

    async def make(path: str, body: object, method: str = "POST", **options: Any) -> dict[str, Any]:
        return await client.command("setup", "made", path, body, command_key(rng), method=method, **options)

    book = {"code": f"{run}-LIST", "name": "List", "currency": "USD", "valid_from": "2026-01-01"}
    book = await make("/v1/price-books", book)
    breaks = [{"min_quantity": 1, "unit_price": 10_000}]
    entries = [{"code": sku, "sku": sku, "method": "fixed", "breaks": breaks} for sku in SKUS]
    path = f"/v1/price-books/{book['id']}"
    await make(f"{path}/entries", {"entries": entries}, "PUT", headers={"If-Match": f'"{book["version"]}"'})
    await make(f"{path}/publish", None)
    survey = await make("/v1/surveys", {"name": f"{run} survey", "kind": "nps", "channels": ["email"]})
    risk = {"code": f"{run}-R", "title": "Fault", "class": "operation", "source": "process", "links": [], **LINKED}
    risk = await make("/v1/risks", risk)
    scenario = await make("/v1/scenarios", {"risk_id": risk["id"], "severity": SEVERITY, **SCENARIO})
    year = world.today.year
    period = {"period_start": date(year, 1, 1), "period_end": date(year, 12, 31)}
    target = await make("/v1/targets", {"name": f"{run} target", "metric": "revenue", "amount": 10**9, **period})
    await make(f"/v1/targets/{target['id']}/activate", None)
    return Ground(survey["id"], scenario["id"], target["id"])


class BroadLane:
    """One stream of such commands."""

    def __init__(
        self, client: Client, world: World, pace: Pace, name: str, seed: str, ground: Ground, account: str
    ) -> None:
        self._client, self._world, self._pace, self._name = client, world, pace, name
        self._ground, self._account, self._rng, self._count = ground, account, random.Random(seed), 0

    async def run(self, stop: asyncio.Event) -> None:
        """Each kind in turn until told to stop; what is refused is over."""
        kinds = [
            *(self._quote, self._activity, self._case, self._quote, self._activity, self._survey),
            *(self._merge, self._import, self._promote, self._study, self._grading),
        ]
        turn = self._rng.randrange(len(kinds))
        while not stop.is_set():
            try:
                await kinds[turn % len(kinds)]()
            except Refused as error:
                if error.status not in (404, 409, 412, 422):
                    raise
            turn += 1

    async def _send(self, kind: str, path: str, body: object, **options: Any) -> dict[str, Any]:
        await self._pace.turn()
        key = command_key(self._rng)
        while True:
            try:
                return await self._client.command(self._name, kind, path, body, key, **options)
            except Refused as error:
                if not error.body.get("retryable"):
                    raise
                await asyncio.sleep(AGAIN_SECONDS)  # what it names has not been heard of

    def _next(self) -> str:
        self._count += 1
        return f"{self._name}-{self._count}"

    async def _quote(self) -> None:
        lines = [{"sku": sku, "quantity": self._rng.randrange(1, 9)} for sku in SKUS]
        await self._send("quote", "/v1/quotes", {"account_id": self._account, "currency": "USD", "lines": lines})

    async def _activity(self) -> None:
        body = {"due_on": self._world.today, "kind": "visit", "phase": "pre_sale", "purpose": "presentation"}
        await self._send("activity", "/v1/activities", {**body, "subject": "Fault", "account_id": self._account})

    async def _case(self) -> None:
        body = {"kind": "complaint", "severity": "medium", "subject": "Fault", "account_id": self._account}
        made = await self._send("case", "/v1/cases", body)
        await self._send("acknowledge", f"/v1/cases/{made['id']}/acknowledge", None)

    async def _survey(self) -> None:
        mail = {"value": f"{self._next()}@fault.example".lower()}
        contact = await self._send(
            "contact", "/v1/contacts", {"account_id": self._account, "name": "Li", "emails": [mail]}
        )
        consent = {"purpose": "survey", "channel": "email", "lawful_basis": "consent"}
        consent |= {"given_at": "2026-01-01T00:00:00Z"}
        await self._send("made", f"/v1/contacts/{contact['id']}/consents", consent)
        path = f"/v1/surveys/{self._ground.survey}/invitations"
        (item,) = (await self._send("made", path, {"contacts": [{"contact_id": contact["id"]}]}))["items"]
        await self._send(
            "answer", f"/v1/survey-forms/{item['token']}/answer", {"score": self._rng.randrange(CONTENT, 11)}
        )

    async def _merge(self) -> None:
        body = {"kind": "organization", "name": f"Twin {self._next()}"}
        twin = await self._send("account", "/v1/accounts", body, headers=UNCHECKED)
        await self._send("merge", f"/v1/accounts/{self._account}/merge", {"merged_id": twin["id"]})

    async def _import(self) -> None:
        name = self._next()
        made = await self._send("import", "/v1/imports", {"kind": "leads"})
        rows = "".join(f"Lead {name} {number}\n" for number in range(ROWS_OF_AN_IMPORT))
        octets = {"Content-Type": "application/octet-stream"}
        path = f"/v1/imports/{made['id']}"
        await self._send("made", f"{path}/parts/1", f"company\n{rows}".encode(), method="PUT", headers=octets)
        await self._send("start", f"{path}/start", {"constants": {"source": "trade_fair"}})

    async def _promote(self) -> None:
        plan = await self._send("plan", "/v1/plans", {"root_id": self._ground.target, "name": self._next()})
        branch = await self._client.get(f"/v1/targets/{plan['branch_id']}")
        body = {"amount": self._rng.randrange(10**8, 10**9), "reason": "fault run"}
        headers = {"If-Match": f'"{branch["version"]}"'}
        await self._send("made", f"/v1/targets/{branch['id']}", body, method="PATCH", headers=headers)
        try:
            valid = {"valid_from": self._world.today, "reason": "fault run"}
            await self._send("promote", f"/v1/plans/{plan['id']}/promote", valid)
        except Refused:  # another lane's was promoted meanwhile
            await self._send("drop", f"/v1/plans/{plan['id']}/drop", None)

    async def _study(self) -> None:
        study = await self._send("study", "/v1/studies", {**STUDY, "scenario_ids": [self._ground.scenario]})
        await self._send("run", f"/v1/studies/{study['id']}/run", None)

    async def _grading(self) -> None:
        await self._send("grading", "/v1/grading-runs", {"as_of": self._world.today})


async def open_broad_lanes(client: Client, world: World, pace: Pace, seed: int, lanes: int) -> list[BroadLane]:
    """So many lanes, each with an account of its own."""
    rng = random.Random(f"{seed}-broad")
    ground = await lay_ground(client, world, rng, f"b{seed}")
    found = []
    for number in range(lanes):
        body = {"kind": "organization", "name": f"Broad {number}", "owner_id": rng.choice(world.members)}
        made = await client.command("setup", "account", "/v1/accounts", body, command_key(rng), headers=UNCHECKED)
        name = f"broad-{number}"
        found.append(BroadLane(client, world, pace, name, f"{seed}-{name}", ground, made["id"]))
    return found
