"""Sales, accounts and rates as customer tells them: cumulative, whatever comes twice, late or again."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.channels.sales import repository
from services.customer import events_out as customer

LINES = ((1, "CD-ROCK", 4, 1_000), (2, "CD-JAZZ", 3, 999))


class Sold:
    """An order of two lines as customer sends it: confirmed, returned piece by piece, fulfilled."""

    def __init__(self) -> None:
        self.id, self.key, self.version = new_id(), new_id(), 2
        self.returned = {line_no: 0 for line_no, *_ in LINES}

    def _event(self, kind: type[Any], **changes: Any) -> Event:
        self.version += 1
        line = customer.OrderPlaced.EXAMPLE["lines"][0]
        lines = [
            {
                **line,
                "line_no": line_no,
                "sku": sku,
                "quantity": quantity,
                "net_base": net,
                "returned": self.returned[line_no],
                "unit_cost_base": 70,
            }
            for line_no, sku, quantity, net in LINES
        ]
        payload = {
            **kind.EXAMPLE,
            "id": self.id,
            "stream_key": self.key,
            "account_id": self.key,
            "version": self.version,
            "lines": lines,
            **changes,
        }
        return make_event(kind.TYPE, payload, self.key, subject=self.id, sequence=self.version)

    def confirmed(self) -> Event:
        return self._event(customer.OrderConfirmed)

    def fulfilled(self) -> Event:
        return self._event(customer.OrderFulfilled)

    def back(self, line_no: int, pieces: int) -> Event:
        """Pieces of a line come back; their worth is cumulative, rounded down until the last."""
        quantity, net = next((quantity, net) for number, _, quantity, net in LINES if number == line_no)
        before = self.returned[line_no]
        self.returned[line_no] = after = before + pieces
        line = {
            **customer.OrderReturned.EXAMPLE["returned_lines"][0],
            "line_no": line_no,
            "returned_before": before,
            "returned_after": after,
            "returned_net_base_before": net * before // quantity,
            "returned_net_base_after": net * after // quantity,
        }
        return self._event(customer.OrderReturned, return_id=new_id(), returned_lines=[line])


async def lines_of(service: ServiceHarness, order_id: UUID) -> list[tuple[Any, ...]]:
    rows = await service.rows(
        "SELECT line_no, sku, quantity, returned, net_base, returned_net_base, unit_cost_base FROM sale_line "
        "WHERE order_id = $1 ORDER BY line_no",
        order_id,
    )
    return [tuple(row.values()) for row in rows]


async def test_an_order_is_a_sale_from_its_confirmation_on(service: ServiceHarness) -> None:
    order = Sold()
    confirmed = order.confirmed()
    await service.deliver(confirmed)
    (sale,) = await service.rows("SELECT * FROM sale")
    example = customer.OrderConfirmed.EXAMPLE
    assert (sale["order_id"], sale["account_id"], sale["state"], sale["version"]) == (
        order.id,
        order.key,
        "confirmed",
        3,
    )
    assert {name: str(sale[name]) for name in ("partner_id", "channel_id", "deal_id", "quote_id", "region")} == {
        name: example[name] for name in ("partner_id", "channel_id", "deal_id", "quote_id", "region")
    }
    assert (sale["confirmed_event_id"], sale["confirmed_at"]) == (confirmed.id, confirmed.time)
    assert sale["order_date"] == date.fromisoformat(example["order_date"])
    assert await lines_of(service, order.id) == [
        (1, "CD-ROCK", 4, 0, 1_000, 0, 70),
        (2, "CD-JAZZ", 3, 0, 999, 0, 70),
    ]


async def test_what_comes_back_is_set_and_a_delivery_leaves_it(service: ServiceHarness) -> None:
    order = Sold()
    events = [order.confirmed(), order.back(1, 1), order.back(2, 2), order.back(1, 3), order.fulfilled()]
    await service.deliver(*events)
    wanted = [(1, "CD-ROCK", 4, 4, 1_000, 1_000, 70), (2, "CD-JAZZ", 3, 2, 999, 666, 70)]
    assert await lines_of(service, order.id) == wanted
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    for event in reversed(events):
        await service.deliver(event)
    assert await lines_of(service, order.id) == wanted
    (sale,) = await service.rows("SELECT state, version, confirmed_event_id FROM sale")
    assert sale == {"state": "fulfilled", "version": 7, "confirmed_event_id": events[0].id}
    assert await service.parked() == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_order_with_repetitions_gives_the_same_sale(service: ServiceHarness, data: st.DataObject) -> None:
    """Not what the log does, which keeps the order of a key: what is set cannot be wrong whatever comes."""
    order = Sold()
    events = [order.confirmed(), order.back(2, 1), order.back(1, 2), order.back(2, 1), order.fulfilled()]
    for event in data.draw(st.permutations([*events, *events[1:3]])):
        async with service.transaction() as tx:
            await tx.execute("DELETE FROM inbox")
        await service.deliver(event)
    assert await lines_of(service, order.id) == [
        (1, "CD-ROCK", 4, 2, 1_000, 500, 70),
        (2, "CD-JAZZ", 3, 2, 999, 666, 70),
    ]
    (sale,) = await service.rows("SELECT state, version FROM sale WHERE order_id = $1", order.id)
    assert sale == {"state": "fulfilled", "version": 7}


async def test_an_account_is_as_its_latest_version_says(service: ServiceHarness) -> None:
    account, example = new_id(), customer.AccountUpdated.EXAMPLE

    def said(version: int, region: str) -> Event:
        payload = {**example, "id": account, "stream_key": account, "region": region, "version": version}
        return make_event(customer.AccountUpdated.TYPE, payload, account, sequence=version)

    await service.deliver(said(1, "CN-SH"), said(3, "CN-ZJ"), said(2, "CN-JS"))
    (row,) = await service.rows("SELECT region, name_key, version FROM account_fact")
    assert row == {"region": "CN-ZJ", "name_key": example["name_key"], "version": 3}
    async with service.transaction() as tx:
        assert await repository.known_accounts(tx, [account, new_id()]) == {account}


async def test_a_rate_holds_until_the_next(service: ServiceHarness) -> None:
    for day, rate in (("2026-01-01", "0.137"), ("2026-03-01", "0.139")):
        payload = {"currency": "CNY", "base_currency": "USD", "rate": rate, "valid_from": day}
        await service.deliver(make_event("customer.exchange_rate.set.v1", payload, "CNY"))
    async with service.transaction() as tx:
        found = [await repository.rate_on(tx, "CNY", date(2026, month, 1)) for month in (1, 2, 3)]
        assert (found, await repository.rate_on(tx, "CNY", date(2025, 12, 31))) == (["0.137", "0.137", "0.139"], None)
