"""Loads a CDNOW file through the batch endpoints of the gateway, phase by phase, and can be interrupted anywhere.

Every row carries an external id, so sending it again changes nothing; the load record only saves time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
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
AT_ONCE = 4
RELEASE_REASON = "demo"

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

    def sentence(self) -> str:
        """Rates for people."""
        return (
            f"{self.orders} orders: accepted {self.orders / self.accepted_seconds:,.0f}/s, "
            f"settled {self.orders / self.settled_seconds:,.0f}/s"
        )


def chunks(rows: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of at most `size`."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


async def load(api: Api, path: Path, folder: Path, progress: Progress, chunk: int = CHUNK) -> LoadReport:
    """Bring everything of the file in, `chunk` rows a request; goes on where the record in `folder` stands.

    Raises LoadFailed when a row is refused or the services do not settle, ApiError for other answers.
    """
    record = load_record(folder, path)
    progress.phase("organisation", None)
    organisation = await set_up(api)
    await settled(api)
    run = _Load(api, organisation, path, folder, record, progress, chunk)
    await run.accounts()
    await run.limits()
    began = time.monotonic()
    sent = await run.orders()
    accepted = time.monotonic() - began
    await settled(api)
    report = LoadReport(sent, accepted, time.monotonic() - began)
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
    chunk: int

    async def _send(self, phase: str, path: str, rows: Sequence[dict[str, Any] | None]) -> int:
        """Send rows in order, skipping what the record says is in; every row must go in. Returns how many went.

        None stands for a row that is not wanted, so that positions in the record mean the same for ever.
        """
        self.progress.phase(phase, len(rows))
        start = done = min(self.record.done.get(phase, 0), len(rows))
        self.progress.advance(done)
        for part in chunks(rows[done:], self.chunk):
            await self._send_part(path, [row for row in part if row is not None])
            done += len(part)
            self.record.done[phase] = done
            save_record(self.folder, self.record)
            self.progress.advance(len(part))
        return done - start

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
        """Customers of the file as accounts, each with its seller as owner."""
        rows = []
        for customer in self._customers():
            owner = self.organisation.seller(cdnow.sellers_of(customer)[0][0])
            rows.append(
                {
                    "kind": "organization",
                    "name": f"Customer {customer}",
                    "region": cdnow.region_of(customer),
                    "business_type": "retail",
                    "owner_id": owner,
                    "external_ids": {cdnow.SOURCE: customer},
                }
            )
        await self._send("accounts", "/v1/accounts/batch", rows)

    async def limits(self) -> None:
        """Credit limits, once every account has its profile."""
        wanted = set(self._customers())
        if self.record.done.get("limits", 0) >= len(wanted):
            return
        found = {}
        async for account in self.api.pages("/v1/accounts"):
            if (customer := account["external_ids"].get(cdnow.SOURCE)) in wanted:
                found[customer] = account["id"]
        rows = [
            {"account_id": found[customer], "credit_limit": cdnow.credit_limit_of(customer)}
            for customer in sorted(found)
        ]
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

    async def orders(self) -> int:
        """Purchases of the file as orders that are placed at once; returns how many were sent."""
        return await self._send(
            "orders", "/v1/orders/batch", [self._order(purchase) for purchase in cdnow.read(self.path)]
        )

    async def release_held(self) -> None:
        """An officer releases those of the held orders that the rule of the sample lets go."""
        officer = self.api.acting_as("officer")
        await officer.token()
        purchases = {purchase.line: purchase for purchase in cdnow.read(self.path)}
        released = [
            item async for item in held_items(self.api) if cdnow.is_released(purchases[int(item["external_id"])])
        ]

        async def release(item: dict[str, Any]) -> None:
            body = {
                "order_id": item["id"],
                "placement": item["placement"],
                "decision": "override",
                "reason": RELEASE_REASON,
            }
            await officer.post("/v1/credit-decisions", body, expect=(201, 409))
            self.progress.advance(1)

        self.progress.phase("released", len(released))
        for part in chunks(released, AT_ONCE):
            await asyncio.gather(*(release(item) for item in part))

    async def payments(self, held: set[int]) -> None:
        """What was paid for orders that are not on hold."""
        rows: list[dict[str, Any] | None] = []
        for purchase in cdnow.read(self.path):
            for part, (day, cents) in enumerate(cdnow.payments_of(purchase), start=1):
                order = {"source": cdnow.SOURCE, "id": str(purchase.line)}
                row = {
                    "external_id": {"source": cdnow.SOURCE, "id": cdnow.payment_id(purchase, part)},
                    "account_ref": {"source": cdnow.SOURCE, "id": purchase.customer},
                    "currency": cdnow.CURRENCY,
                    "amount": cents,
                    "received_on": day,
                    "method": "card",
                    "allocations": [{"order_ref": order, "amount": cents}],
                }
                rows.append(None if purchase.line in held else row)
        await self._send("payments", "/v1/payments/batch", rows)

    async def returns(self, held: set[int]) -> None:
        """What came back of orders that are not on hold."""
        rows: list[dict[str, Any] | None] = []
        for purchase in cdnow.read(self.path):
            returned = cdnow.return_of(purchase)
            if returned is None:
                continue
            day, pieces = returned
            row = {
                "external_id": {"source": cdnow.SOURCE, "id": cdnow.return_id(purchase)},
                "order_ref": {"source": cdnow.SOURCE, "id": str(purchase.line)},
                "return_date": day,
                "lines": [{"line_no": 1, "quantity": pieces}],
            }
            rows.append(None if purchase.line in held else row)
        await self._send("returns", "/v1/returns/batch", rows)
