"""Conflicts in few words: orders that are confirmed, and what is found of them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.customer import events_out as customer
from services.customer.events_out.accounts import AccountMerged, AccountUnmerged
from services.customer.events_out.opportunities import OpportunityUpdated
from tests.channels.conftest import Order, partner

PATH = "/v1/conflicts"
DAY = "2026-03-10"


def director(service: ServiceHarness) -> dict[str, str]:
    """Somebody who decides what the administrator has proposed on."""
    return service.headers("director", "sales_director")


async def seller(service: ServiceHarness) -> UUID:
    return await partner(service, f"P-{new_id().hex}")


def order(partner_id: UUID | None, key: UUID, *lines: str, on: str = DAY, net: int = 1_000) -> Order:
    """An order of some product lines, each of the same net."""
    return Order(partner_id, [(line, net) for line in lines or ("rock",)], date.fromisoformat(on), key=key)


def confirmed(one: Order, **changes: Any) -> Event:
    return one._event(customer.OrderConfirmed, **{"region": "CN-SH", "channel_id": None, **changes})


def priced(one: Order, **prices: Any) -> Event:
    """An order of one line with its prices."""
    line = {**customer.OrderConfirmed.EXAMPLE["lines"][0], "product_line": "rock", "net_base": 1_000, **prices}
    return confirmed(one, lines=[line])


def returned(one: Order) -> Event:
    """All of an order came back."""
    line = customer.OrderReturned.EXAMPLE["returned_lines"][0]
    back = [
        {**line, "line_no": number, "returned_after": 3, "returned_net_base_after": net, "net_base": -net}
        for number, (_name, net) in enumerate(one.lines, start=1)
    ]
    return one._event(customer.OrderReturned, return_date=date(2026, 5, 1), returned_lines=back, version=7)


def opportunity(key: UUID, **changes: Any) -> Event:
    payload = {
        **OpportunityUpdated.EXAMPLE,
        "id": new_id(),
        "account_id": key,
        "stream_key": key,
        "partner_id": None,
        "deal_id": None,
        "state": "open",
        "opened_on": DAY,
        **changes,
    }
    return make_event(OpportunityUpdated.TYPE, payload, key, subject=payload["id"])


def merged(survivor: UUID, other: UUID, merge_id: UUID | None = None) -> Event:
    return _redirect(AccountMerged, survivor, other, merge_id or new_id())


def unmerged(survivor: UUID, other: UUID, merge_id: UUID) -> Event:
    return _redirect(AccountUnmerged, survivor, other, merge_id)


def _redirect(kind: type[AccountMerged | AccountUnmerged], survivor: UUID, other: UUID, merge_id: UUID) -> Event:
    ids = {"account_id": survivor, "stream_key": survivor, "survivor_id": survivor, "survivor_stream_key": survivor}
    ids |= {"merged_id": other, "merged_stream_key": other, "merge_id": merge_id}
    return make_event(kind.TYPE, {**kind.EXAMPLE, **ids}, survivor, subject=survivor)


async def found(service: ServiceHarness) -> list[dict[str, Any]]:
    """Conflicts, the first one first."""
    answer = await service.get(f"{PATH}?sort=number")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def kinds(service: ServiceHarness) -> list[str]:
    assert await service.parked() == []
    return sorted(one["kind"] for one in await found(service))


async def opened(service: ServiceHarness) -> dict[str, Any]:
    """A conflict of two partners of a customer of their own."""
    key = new_id()
    await service.deliver(confirmed(order(await seller(service), key)), confirmed(order(await seller(service), key)))
    (one,) = [each for each in await found(service) if each["account_id"] == str(key)]
    return one


async def act(service: ServiceHarness, one: dict[str, Any], verb: str, body: Any, **options: Any) -> dict[str, Any]:
    """A conflict after an action that must succeed."""
    answer = await service.post(f"{PATH}/{one['id']}/{verb}", body, **options)
    assert answer.status_code == 200, answer.text
    after: dict[str, Any] = answer.json()
    return after


async def mediated(service: ServiceHarness) -> dict[str, Any]:
    one = await opened(service)
    await act(service, one, "assess", {"severity": "high", "note": "Both know the buyer."})
    return await act(service, one, "state", {"statement": "We met them first."})


def keeping(**changes: Any) -> dict[str, Any]:
    return {"outcome": "keep", "valid_from": "2026-03-20", "note": "Who came first keeps them.", **changes}


async def proposed(service: ServiceHarness, **changes: Any) -> dict[str, Any]:
    return await act(service, await mediated(service), "propose", keeping(**changes))


async def agreed(service: ServiceHarness, one: dict[str, Any]) -> dict[str, Any]:
    """All partners accept what is proposed."""
    for partner_id in one["partner_ids"]:
        one = await act(service, one, "agree", {"partner_id": partner_id})
    return one
