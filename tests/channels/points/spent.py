"""Orders of members that pay with points."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kit import clock
from kit.events.envelope import Event
from kit.testing.service import ServiceHarness
from tests.channels.conftest import Days
from tests.channels.points.test_points import Sale, a_member
from tests.channels.terms.orders import Order, offer, order_of

WORTH: dict[str, Any] = {"worth": {"USD": 100}}
"""A point is a cent."""


def now(event: Event) -> Event:
    """An event of the moment at which the test stands."""
    return replace(event, time=clock.now())


async def earned(service: ServiceHarness, days: Days, of: str, points: int, day: str) -> None:
    """A delivered order that earned so many points on a day, at 1 per 10.00."""
    days.on(day)
    await service.deliver(Sale(of, (1, points * 1_000)).fulfilled())


async def two_lots(service: ServiceHarness, days: Days) -> tuple[str, str]:
    """(account, member) with 300 points until 2026-03-31 and 500 until 2026-06-30; it is 2026-03-01."""
    days.on("2025-08-01")
    of, member = await a_member(service, validity_months=7, **WORTH)
    await earned(service, days, of, 300, "2025-08-31")
    await earned(service, days, of, 500, "2025-11-30")
    days.on("2026-03-01")
    return of, member


async def paid(service: ServiceHarness, of: str, points: int, quantity: int = 2, **changes: Any) -> Order:
    """An order of an account that redeems points, as quoted; not placed."""
    quote = await offer(service, ("CD-ROCK", quantity), buyer=of, points=points, **changes)
    assert quote["points"] == points
    return order_of(quote)


async def lots(service: ServiceHarness) -> list[tuple[int, str]]:
    """(what remains, last day) of lots, in the order in which they end."""
    found = await service.rows(
        "SELECT remaining, expires_on FROM points_lot WHERE remaining > 0 ORDER BY expires_on, id"
    )
    return [(one["remaining"], str(one["expires_on"])) for one in found]


async def buckets(service: ServiceHarness) -> dict[str, int]:
    """What the books of points hold; what is nothing is left out."""
    found = await service.rows(
        "SELECT bucket, sum(balance)::int AS points FROM ledger_account WHERE unit = 'point' GROUP BY bucket"
    )
    return {one["bucket"]: one["points"] for one in found if one["points"]}
