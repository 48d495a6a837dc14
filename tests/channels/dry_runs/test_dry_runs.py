"""What a promotion would have given of past sales, before anybody approves it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.channels.dry_runs import service as dry_runs
from tests.channels.conftest import Days
from tests.channels.performance.test_router import Line, deliver, sale
from tests.channels.promotions.drafts import drafted
from tests.channels.quotes.offers import account
from tests.channels.traits.test_traits import graded


async def asked(service: ServiceHarness, path: str) -> dict[str, Any]:
    answer = await service.get(f"{path}/dry-run", headers=service.headers("director", "sales_director"))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_draft_is_tried_on_the_last_90_days(service: ServiceHarness, days: Days) -> None:
    """10 % of an order of 1,000.00 that kept 900.00: 90.00; the day before the window does not count."""
    days.on("2026-05-01")
    first, second = UUID(await account(service)), UUID(await account(service))
    inside = Line(10, 100_000, None, back=1)
    await deliver(service, [sale(new_id(), day, inside, account=first) for day in ("2026-01-30", "2026-01-31")])
    await deliver(service, [sale(new_id(), "2026-04-30", Line(1, 5_000, None), account=second)])
    await deliver(service, [sale(new_id(), "2026-05-01", Line(1, 5_000, None), account=second)])
    found = await asked(service, await drafted(service))
    assert {name: found[name] for name in ("first", "last", "orders", "looked_at", "reached", "accounts")} == {
        "first": "2026-01-31",
        "last": "2026-04-30",
        "orders": 2,
        "looked_at": 2,
        "reached": 2,
        "accounts": 2,
    }
    assert (found["net_base"], found["discount_base"], found["discount_share"]) == (95_000, 9_500, 100_000)
    assert found["estimated_base"] == 9_500


async def test_it_reaches_whom_it_is_for(service: ServiceHarness, days: Days) -> None:
    days.on("2026-05-01")
    rich, other = await account(service), await account(service, region="JP-13")
    await service.deliver(graded(rich, "A"))
    for who in (rich, other):
        await deliver(service, [sale(new_id(), "2026-04-01", Line(1, 5_000, None), account=UUID(who))])
    graded_only = await asked(service, await drafted(service, audience={"grades": ["A"]}))
    assert (graded_only["reached"], graded_only["discount_base"]) == (1, 500)
    here = await asked(service, await drafted(service, audience={"regions": ["CN"]}))
    assert here["reached"] == 1
    nobody = await asked(service, await drafted(service, audience={"tiers": ["gold"]}))
    assert (nobody["reached"], nobody["discount_share"], nobody["estimated_base"]) == (0, None, 0)


async def test_of_many_orders_some_are_drawn_and_all_are_estimated(
    service: ServiceHarness, days: Days, monkeypatch: Any
) -> None:
    monkeypatch.setattr(dry_runs, "MOST_ORDERS", 4)
    days.on("2026-05-01")
    who = UUID(await account(service))
    await deliver(service, [sale(new_id(), "2026-04-01", Line(1, 1_000, None), account=who) for _ in range(10)])
    path = await drafted(service)
    found = await asked(service, path)
    assert (found["orders"], found["looked_at"], found["discount_base"], found["estimated_base"]) == (10, 4, 400, 1_000)
    assert await asked(service, path) == found, "the same lot each time"


async def test_an_unknown_promotion_is_none(service: ServiceHarness) -> None:
    answer = await service.get(f"/v1/promotions/{new_id()}/dry-run")
    assert (answer.status_code, answer.json()["code"]) == (404, "promotion-not-found")
    none = await asked(service, await drafted(service))
    assert (none["orders"], none["reached"]) == (0, 0)
