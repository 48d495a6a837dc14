"""Partners are scored by the orders that name them, and graded as accounts are."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.events_out.holds import CreditHoldPlaced
from services.risk.events_out.profiles import CreditGradeChanged
from tests.risk.conftest import Days, Order, Payment, open_account, partner_activated, seller
from tests.risk.credit.test_partners import partner, path_of
from tests.risk.holds.owing import cause, set_policy, standing, sweep
from tests.risk.scorecards.scored import DAY, LIMIT, OFFICER, profile, rescore, run, scores
from tests.risk.scorecards.test_runs import night

PAID = ((10_000, "2025-04-20", 90, "2025-07-17"), (20_000, "2025-08-01", 30, "2025-09-06"),
        (5_000, "2025-11-01", 30, "2026-01-10"))  # fmt: skip
OPEN = (4_000, "2026-05-19", 30)


async def _named(service: ServiceHarness, partner_id: UUID, gross: int, on: str, terms: int) -> Order:
    """An order of an account of its own, whose answer names the partner."""
    order = Order(await open_account(service, 1_000_000), gross)
    await service.deliver(order.placed(partner_id=partner_id), order.confirmed(on, terms))
    return order


async def history(service: ServiceHarness, partner_id: UUID) -> list[Order]:
    """The example of the requirement, over four accounts."""
    orders = []
    for amount, on, terms, day in PAID:
        order = await _named(service, partner_id, amount, on, terms)
        await service.deliver(Payment(order.account_id, 0).event("received", (order, amount), left=0, day=day))
        orders.append(order)
    return [*orders, await _named(service, partner_id, *OPEN)]


async def test_the_example_of_the_requirement(service: ServiceHarness, days: Days) -> None:
    """As that of an account; another partner's orders, and those of earlier answers, are not its own."""
    days.on(DAY)
    owner = new_id()
    partner_id = await partner(service, LIMIT, owner)
    orders = await history(service, partner_id)
    other = await partner(service)
    await _named(service, other, 900_000, "2025-11-01", 30)
    moved = await _named(service, partner_id, 700_000, "2025-11-01", 30)
    await service.deliver(moved.placed(2, partner_id=other))
    found = await rescore(service, partner_id)
    assert (found["points"], found["max_points"], found["score"], found["scored_grade"]) == (53, 83, 64, "BBB")
    assert (found["account_id"], found["partner_id"], found["owner_id"]) == (None, str(partner_id), str(owner))
    graded = await profile(service, partner_id)
    assert (graded["grade"], graded["score"], graded["pd"], graded["credit_limit"]) == ("BBB", 64, 10_000, LIMIT)
    (said,) = await service.published(CreditGradeChanged.TYPE)
    assert (said.key, said.payload["subject_kind"], said.payload["partner_id"]) == (
        str(partner_id),
        "partner",
        str(partner_id),
    )
    assert (await profile(service, orders[0].account_id))["grade"] == "NR"
    (row,) = await scores(service, f"&partner_id={partner_id}")
    assert row["id"] == found["id"]
    await service.deliver(seller(owner, "rep-1"), seller(new_id(), "rep-2"))
    for subject, status in (("rep-1", 200), ("rep-2", 404)):
        answer = await service.get(f"/v1/credit-scores/{found['id']}", headers=service.headers(subject, "sales_rep"))
        assert answer.status_code == status


async def test_a_partner_without_a_limit_stays_unbound(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    partner_id = await partner(service)
    await history(service, partner_id)
    found = await rescore(service, partner_id)
    assert {one["factor"] for one in found["factors"]}.isdisjoint({"utilisation", "current_ratio", "external"})
    assert (found["points"], found["max_points"], found["score"]) == (45, 73, 62)
    assert (await profile(service, partner_id))["credit_limit"] is None


async def test_a_run_scores_partners_once(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    partner_id = await partner(service, LIMIT)
    await history(service, partner_id)
    made = await run(service)
    assert (made["accounts"], made["partners"], made["progress"]) == (4, 1, 5)
    (row,) = await scores(service, f"&partner_id={partner_id}")
    assert (row["run_id"], row["grade_before"], row["grade_after"]) == (made["id"], "NR", "BBB")
    await night(service, days, DAY + timedelta(1))
    assert len(await scores(service, f"&partner_id={partner_id}")) == 2
    assert (await profile(service, partner_id))["grade"] == "BBB"


async def test_a_partner_in_default_is_held_until_its_grade_is_better(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 6, 30))
    await set_policy(service, items_from="2020-01-01")
    partner_id = await partner(service)
    await _named(service, partner_id, 3_000, "2026-06-30", 30)
    days.on(date(2026, 11, 1))
    owed = await rescore(service, partner_id)
    assert (owed["scored_grade"], owed["default_cause"]) == ("D", "uncured")
    assert await standing(service, partner_id) == ["grade"]
    (held,) = await service.published(CreditHoldPlaced.TYPE)
    assert (held.key, held.payload["subject_kind"]) == (str(partner_id), "partner")
    fresh = Order(await open_account(service, 10_000), 1)
    await service.deliver(fresh.placed(partner_id=partner_id))
    assert await cause(service, fresh) == "partner_on_hold"
    await sweep(service)
    assert await standing(service, partner_id) == ["grade"]
    async with service.transaction() as tx:
        await tx.execute("UPDATE credit_profile SET grade = 'B' WHERE id = $1", partner_id)
    await sweep(service)
    assert await standing(service, partner_id) == []


async def test_two_people_set_a_better_grade(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    partner_id = await partner(service)
    body = {"grade": "A", "until": str(DAY + timedelta(30)), "reason": "Backed by its parent"}
    path = path_of(partner_id)
    assert (await service.post(f"{path}/set-grade", body, headers=service.headers(*OFFICER))).status_code == 200
    found: dict[str, Any] = (await service.post(f"{path}/approve-grade")).json()
    assert (found["grade"], found["set_until"]) == ("A", body["until"])
    worse = {**body, "grade": "D"}
    assert (await service.post(f"{path}/set-grade", worse, headers=service.headers(*OFFICER))).status_code == 200
    assert await standing(service, partner_id) == ["grade"]
    await service.deliver(partner_activated(partner_id, version=3))
    assert (await profile(service, partner_id))["grade"] == "D"
