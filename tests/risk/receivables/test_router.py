"""Receivables, their ageing and days sales outstanding over HTTP, by the figures that were computed before."""

from __future__ import annotations

from typing import Any

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes, make_event
from services.channels.events_out.partners import PartnerActivated
from services.customer import events_out as customer
from tests.risk.conftest import Order, account_created, payment
from tests.risk.receivables.conftest import BUCKETS, ageing, half_year

RIGHT = (150_000, 100_000, 45_000, 100_000, 70_000, 10_000, 12_000, 443_000)


async def test_the_ageing_of_the_end_of_june(service: ServiceHarness) -> None:
    _, events = half_year()
    await service.deliver(*events)
    assert await ageing(service, "2026-06-30") == RIGHT


async def test_any_past_day_with_facts_that_came_later(service: ServiceHarness) -> None:
    _, events = half_year()
    await service.deliver(*events)
    assert await ageing(service, "2026-02-28") == (0,) * 8
    assert (await ageing(service, "2026-07-02"))[-1] == 423_000
    answer = await service.get("/v1/receivables?due_on=2026-06-30")
    (item,) = answer.json()["items"]
    late = Order(item["account_id"], 50_000)
    late.id = item["order_id"]
    await service.deliver(payment(late.account_id, (late, 50_000), received_on="2026-06-29"))
    assert await ageing(service, "2026-06-30") == (100_000, *RIGHT[1:-1], 393_000)
    assert (await ageing(service, "2026-06-28"))[-1] == 443_000


@pytest.mark.parametrize("by", ["account", "owner", "partner", "region"])
async def test_a_split_sums_to_the_whole(service: ServiceHarness, by: str) -> None:
    for _ in range(3):
        await service.deliver(*half_year()[1])
    items = (await service.get(f"/v1/receivable-ageings?as_of=2026-06-30&by={by}&limit=2")).json()
    rows = items["items"]
    if items["next_cursor"]:
        path = f"/v1/receivable-ageings?as_of=2026-06-30&by={by}&limit=2&cursor={items['next_cursor']}"
        rows += (await service.get(path)).json()["items"]
    assert len(rows) == {"account": 3, "owner": 3, "partner": 2, "region": 2}[by]
    assert tuple(sum(row[name] for row in rows) for name in BUCKETS) == tuple(3 * amount for amount in RIGHT)
    for row in rows:
        assert row["total"] == sum(row[name] for name in BUCKETS[:5]) - row["credits"] - row["unallocated"]


async def test_bad_questions_are_refused(service: ServiceHarness) -> None:
    for query in ("as_of=yesterday", "by=moon"):
        assert (await service.get(f"/v1/receivable-ageings?{query}")).status_code == 400
    answer = await service.get("/v1/receivable-ageings?surprise=1")
    assert (answer.status_code, codes(answer.json())) == (400, ["surprise"])
    assert (await service.get("/v1/receivable-figures?window_days=0")).status_code == 400
    answer = await service.get("/v1/receivable-figures?from=2026-01-01")
    assert (answer.status_code, codes(answer.json())) == (400, ["from"]), "it counts from the window"


async def quarter(service: ServiceHarness) -> tuple[Any, Any]:
    """Sales of a quarter on credit, a cash sale beside them; (account, partner)."""
    account_id, partner_id = new_id(), new_id()
    april, may, june = Order(account_id, 900_000), Order(account_id, 1_200_000), Order(account_id, 1_500_000)
    cash, early = Order(account_id, 777_000), Order(account_id, 400_000)
    await service.deliver(
        account_created(account_id, new_id()),
        early.confirmed(on="2026-04-01", terms=30, partner_id=partner_id),
        april.confirmed(on="2026-04-02", terms=30, partner_id=partner_id),
        may.confirmed(on="2026-05-20", terms=30, partner_id=partner_id),
        june.confirmed(on="2026-06-10", terms=30, partner_id=partner_id),
        cash.confirmed(on="2026-06-11", terms=0, partner_id=partner_id),
        june.returned(60_000, return_date="2026-06-20"),
        payment(account_id, (early, 400_000), (april, 900_000), (may, 433_000), received_on="2026-06-25"),
        payment(account_id, (june, 260_000), received_on="2026-06-26"),
    )
    return account_id, partner_id


async def test_days_sales_outstanding_of_the_second_quarter(service: ServiceHarness) -> None:
    account_id, partner_id = await quarter(service)
    path = "/v1/receivable-figures?as_of=2026-06-30&window_days=90"
    for query in ("", f"&account_id={account_id}", f"&partner_id={partner_id}"):
        found = (await service.get(path + query)).json()
        assert (found["sales"], found["owed"], found["not_due"]) == (3_540_000, 1_947_000, 1_180_000), query
        figures = [found[name] for name in ("dso", "best_dso", "delay", "dso_countback")]
        assert figures == ["49.5", "30.0", "19.5", "43.1"], query
        assert (found["is_capped"], found["insufficient_data"]) == (False, False)
    account, owner = new_id(), {**_joined("rep-7"), "id": new_id()}
    partner = {**PartnerActivated.EXAMPLE, "id": new_id()}
    ids = {"account_id": account, "owner_id": owner["id"], "partner_id": partner["id"]}
    for name, each in ids.items():
        unheard = (await service.get(f"{path}&{name}={each}")).json()
        assert (unheard["status"], unheard["retryable"], codes(unheard)) == (422, True, [name]), "0 of nobody"
    await service.deliver(
        account_created(account),
        make_event("targets.member.joined.v1", owner, "organisation"),
        make_event("channels.partner.activated.v1", partner, partner["id"]),
    )
    for name, each in ids.items():
        found = (await service.get(f"{path}&{name}={each}")).json()
        assert (found["insufficient_data"], found["sales"], found["dso"]) == (True, 0, None), name
    rep = service.headers("rep-7", "sales_rep")
    hidden = await service.get(f"{path}&account_id={account_id}", headers=rep)
    assert (hidden.status_code, codes(hidden.json())) == (422, ["account_id"]), "not theirs to see"


async def test_history_may_end_before_what_is_owed_is_covered(service: ServiceHarness) -> None:
    account_id = new_id()
    old, new = Order(account_id, 5_000), Order(account_id, 100)
    await service.deliver(
        old.confirmed(on="2024-01-15", terms=30),
        new.confirmed(on="2026-06-10", terms=30),
    )
    found = (await service.get("/v1/receivable-figures?as_of=2026-06-30")).json()
    assert (found["dso"], found["is_capped"]) == ("4590.0", False)
    assert found["dso_countback"] == "912.0"  # every day from January 2024 on
    await service.deliver(old.returned(1_000, return_date="2024-02-01"), payment(account_id, (old, 0)))
    found = (await service.get("/v1/receivable-figures?as_of=2026-06-30")).json()
    assert (found["owed"], found["is_capped"]) == (4_100, False)


async def test_what_belongs_to_others_is_not_there(service: ServiceHarness) -> None:
    owner_id, events = half_year()
    await service.deliver(*events, *half_year()[1])
    member = {**_joined("rep-1"), "id": owner_id}
    await service.deliver(make_event("targets.member.joined.v1", member, "organisation"))
    own, other = (service.headers(subject, "sales_rep") for subject in ("rep-1", "rep-2"))
    assert await ageing(service, "2026-06-30", headers=own) == RIGHT
    assert await ageing(service, "2026-06-30", headers=other) == (0,) * 8
    items = (await service.get("/v1/receivables?limit=50", headers=own)).json()["items"]
    assert (len(items), {item["owner_id"] for item in items}) == (10, {str(owner_id)})
    path = f"/v1/receivables/{items[0]['order_id']}"
    assert (await service.get(path, headers=own)).json() == items[0]
    answer = await service.get(path, headers=other)
    assert (answer.status_code, answer.json()["code"]) == (404, "receivable-not-found")
    figures = "/v1/receivable-figures?as_of=2026-06-30&window_days=200"
    assert (await service.get(figures, headers=own)).json()["sales"] == 510_000
    assert (await service.get(figures, headers=other)).json()["insufficient_data"]


def _joined(subject: str) -> dict[str, Any]:
    membership: dict[str, Any] = {"valid_from": "2020-01-01", "valid_to": None, "path": [], "role": "sales_rep"}
    return {"code": subject.upper(), "subject": subject, "memberships": [membership]}


async def test_the_list_and_its_filters(service: ServiceHarness) -> None:
    owner_id, events = half_year()
    await service.deliver(*events)
    for query, count in (
        ("open[gt]=0", 9),
        ("open[lt]=0", 1),
        ("due_on[lte]=2026-04-01", 2),
        (f"owner_id={owner_id}", 10),
        (f"owner_id={new_id()}", 0),
        ("days_overdue[gte]=0", 10),
        ("is_disputed=true", 0),
        (f"partner_id={customer.OrderConfirmed.EXAMPLE['partner_id']}", 10),
    ):
        answer = await service.get(f"/v1/receivables?count=exact&limit=50&{query}")
        assert (answer.status_code, answer.json()["count"]) == (200, count), query


async def test_nothing_is_answered_while_the_rows_are_being_filled(service: ServiceHarness) -> None:
    async with service.transaction() as tx:
        await tx.execute("INSERT INTO projection_state (name, version, state) VALUES ('receivable', 1, 'building')")
    for path in ("receivables", f"receivables/{new_id()}", "receivable-ageings", "receivable-figures"):
        answer = await service.get(f"/v1/{path}")
        assert (answer.status_code, answer.json()["code"]) == (503, "projection-building"), path
