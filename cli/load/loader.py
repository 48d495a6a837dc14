"""Loads a CDNOW file through the batch endpoints of the gateway, phase by phase, and can be interrupted anywhere.

Every row carries an external id, so sending it again changes nothing; the load record only saves time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cli.load import cdnow
from cli.load.client import Api
from cli.load.organisation import Organisation, set_up
from cli.load.record import LoadRecord, load_record, save_record

SERVICES = ("customer", "targets", "channels", "risk")
CHUNK = 500
SETTLE_SECONDS = 600.0

Item = TypeVar("Item")


class LoadFailed(Exception):
    """A row was refused that should have gone in."""


class Progress(Protocol):
    """Where the loader reports; rich's Progress fits through `cli.console`."""

    def phase(self, name: str, total: int | None) -> None: ...

    def advance(self, rows: int) -> None: ...


@dataclass
class LoadReport:
    """Rows and seconds: `accepted` from the first order batch to the last, `settled` until nothing waits."""

    orders: int
    accepted_seconds: float
    settled_seconds: float


def chunks(rows: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """Lists of at most `size`."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


async def load(api: Api, path: Path, folder: Path, progress: Progress) -> LoadReport:
    """Bring everything of the file in; goes on where the record in `folder` stands."""
    record = load_record(folder, path)
    progress.phase("organisation", None)
    organisation = await set_up(api)
    await settled(api)
    run = _Load(api, organisation, path, folder, record, progress)
    await run.accounts()
    await run.limits()
    began = time.monotonic()
    await run.orders()
    accepted = time.monotonic() - began
    await settled(api)
    report = LoadReport(sum(1 for _ in cdnow.read(path)), accepted, time.monotonic() - began)
    await run.release_held()
    await settled(api)
    held = await held_orders(api)
    await run.payments(held)
    await run.returns(held)
    await settled(api)
    record.complete = True
    save_record(folder, record)
    return report


async def settled(api: Api, seconds: float = SETTLE_SECONDS) -> None:
    """Wait until every service has sent and applied everything (seen twice in a row)."""
    deadline = time.monotonic() + seconds
    quiet = 0
    while quiet < 2:
        if time.monotonic() > deadline:
            raise LoadFailed("the services do not settle: see the lag in /admin/<service>/status")
        states = [await api.get(f"/admin/{service}/status") for service in SERVICES]
        if any(state["parked_keys"] for state in states):
            raise LoadFailed("a service has parked events: see /admin/<service>/parked")
        quiet = quiet + 1 if all(state["settled"] for state in states) else 0
        await asyncio.sleep(0.02)


async def held_orders(api: Api) -> set[int]:
    """Line numbers of the orders on hold."""
    return {int(item["external_id"]) async for item in held_items(api)}


async def held_items(api: Api) -> AsyncIterator[dict[str, Any]]:
    """Held orders of the file."""
    async for item in api.pages("/v1/orders", state="on_hold", external_source=cdnow.SOURCE):
        yield item


@dataclass
class _Load:
    api: Api
    organisation: Organisation
    path: Path
    folder: Path
    record: LoadRecord
    progress: Progress

    async def _send(self, phase: str, path: str, rows: list[dict[str, Any]], chunk: int = CHUNK) -> None:
        """Send rows in order, skipping what the record says is in; every row must go in."""
        self.progress.phase(phase, len(rows))
        done = self.record.done.get(phase, 0)
        self.progress.advance(min(done, len(rows)))
        for part in chunks(rows[done:], chunk):
            await self._send_part(path, part)
            done += len(part)
            self.record.done[phase] = done
            save_record(self.folder, self.record)
            self.progress.advance(len(part))

    async def _send_part(self, path: str, rows: list[dict[str, Any]]) -> None:
        """Send one batch; rows refused for a reference that is still on its way are sent again."""
        deadline = time.monotonic() + 60
        while rows:
            answer = await self.api.post(path, {"rows": rows})
            if not answer["problems"]:
                return
            problems = [row for row in answer["results"] if row["status"] == "problem"]
            final = next((row["problem"] for row in problems if not row["problem"].get("retryable")), None)
            if final is not None or time.monotonic() > deadline:
                raise LoadFailed(f"{path}: {final or problems[0]['problem']}")
            rows = [rows[row["index"]] for row in problems]
            await asyncio.sleep(0.1)

    def _customers(self) -> list[str]:
        return sorted({purchase.customer for purchase in cdnow.read(self.path)})

    async def accounts(self) -> None:
        rows = []
        for customer in self._customers():
            owner = self.organisation.seller(cdnow.sellers_of(customer)[0][0])
            rows.append(
                {
                    "kind": "organization",
                    "name": f"Customer {customer}",
                    "region": cdnow.region_of(customer),
                    "customer_type": "retail",
                    "owner_id": owner,
                    "external_ids": {cdnow.SOURCE: customer},
                }
            )
        await self._send("accounts", "/v1/accounts/batch", rows)

    async def limits(self) -> None:
        if self.record.done.get("limits"):
            return
        rows = []
        async for account in self.api.pages("/v1/accounts"):
            customer = account["external_ids"].get(cdnow.SOURCE)
            if customer is None:
                continue
            rows.append({"account_id": account["id"], "credit_limit": cdnow.credit_limit_of(customer)})
        await self._send("limits", "/v1/credit-profiles/batch", rows)

    def _order(self, purchase: cdnow.Purchase) -> dict[str, Any]:
        partner = cdnow.partner_of(purchase.customer)
        credits = [
            {"member_id": self.organisation.seller(number), "share": share}
            for number, share in cdnow.sellers_of(purchase.customer)
        ]
        line = {
            "sku": cdnow.sku_of(purchase),
            "quantity": purchase.quantity,
            "unit_price": purchase.unit_price,
            "discount": purchase.discount,
            "tax_rate": 0,
        }
        return {
            "external_id": {"source": cdnow.SOURCE, "id": str(purchase.line)},
            "account_ref": {"source": cdnow.SOURCE, "id": purchase.customer},
            "partner_id": None if partner is None else self.organisation.partners[partner],
            "currency": cdnow.CURRENCY,
            "order_date": purchase.day,
            "payment_terms_days": 30,
            "credits": credits,
            "lines": [line],
            "total": purchase.cents,
            "place": True,
        }

    async def orders(self) -> None:
        await self._send("orders", "/v1/orders/batch", [self._order(purchase) for purchase in cdnow.read(self.path)])

    async def release_held(self) -> None:
        officer = self.api.acting_as("officer")
        purchases = {purchase.line: purchase for purchase in cdnow.read(self.path)}
        held = [item async for item in held_items(self.api)]
        self.progress.phase("released", len(held))
        for item in held:
            if cdnow.is_released(purchases[int(item["external_id"])]):
                body = {"order_id": item["id"], "decision": "override", "reason": "demo"}
                await officer.post("/v1/credit-decisions", body, expect=(201, 409))
            self.progress.advance(1)

    async def payments(self, held: set[int]) -> None:
        rows = []
        for purchase in cdnow.read(self.path):
            if purchase.line in held:
                continue
            for part, (day, cents) in enumerate(cdnow.payments_of(purchase), start=1):
                order = {"source": cdnow.SOURCE, "id": str(purchase.line)}
                rows.append(
                    {
                        "external_id": {"source": cdnow.SOURCE, "id": f"{purchase.line}/{part}"},
                        "account_ref": {"source": cdnow.SOURCE, "id": purchase.customer},
                        "currency": cdnow.CURRENCY,
                        "amount": cents,
                        "received_on": day,
                        "method": "card",
                        "allocations": [{"order_ref": order, "amount": cents}],
                    }
                )
        await self._send("payments", "/v1/payments/batch", rows)

    async def returns(self, held: set[int]) -> None:
        rows = []
        for purchase in cdnow.read(self.path):
            returned = cdnow.return_of(purchase)
            if purchase.line in held or returned is None:
                continue
            day, pieces = returned
            rows.append(
                {
                    "external_id": {"source": cdnow.SOURCE, "id": f"{purchase.line}/return"},
                    "order_ref": {"source": cdnow.SOURCE, "id": str(purchase.line)},
                    "return_date": day,
                    "lines": [{"line_no": 1, "quantity": pieces}],
                }
            )
        await self._send("returns", "/v1/returns/batch", rows)
