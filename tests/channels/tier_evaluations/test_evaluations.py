"""Previews: who moves and why, pinned as they were found; one open a programme and period; the level of a partner."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes, make_event
from services.customer.events_out.surveys import SurveyAnswered
from tests.channels.conflicts.found import act, keeping, mediated
from tests.channels.conftest import Days
from tests.channels.deals.claimed import registered
from tests.channels.tier_evaluations.ranked import (
    NEXT,
    PATH,
    PROGRAMMES,
    QUARTER,
    a_programme,
    asked,
    director,
    drafted,
    evaluated,
    published,
    result,
    seller,
    sold,
    tier,
    told,
    work_off,
)


async def test_a_preview_says_who_moves_and_why(service: ServiceHarness, days: Days) -> None:
    days.on("2026-04-02")
    programme, one, idle = await a_programme(service), await seller(service), await seller(service)
    await sold(service, one, 50_000_000, "2025-12-31")
    orders = [await sold(service, one, 60_000_000, "2026-01-01"), await sold(service, one, 27_000_000, "2026-03-31")]
    await sold(service, one, 90_000_000, "2026-04-01")
    made = await evaluated(service, programme)
    assert (made["as_of"], made["before_from"], made["before_to"]) == ("2026-04-02", "2025-10-01", "2025-12-31")
    assert (made["partners"], made["ups"], made["downs"]) == (2, 2, 0)
    found = await result(service, made, one)
    assert (found["move"], found["old_level"], found["found_level"], found["new_level"]) == (
        "up", None, "silver", "silver"
    )  # fmt: skip
    assert (found["revenue"], found["growth"]) == (87_000_000, 740_000)
    assert found["next_level"] == "gold"
    assert found["missing"] == [
        {"metric": "revenue", "threshold": 100_000_000, "value": 87_000_000, "missing": 13_000_000}
    ], "870,000.00 of 1,000,000.00: 130,000.00"
    evidence = found["evidence"]
    assert [evidence[name] for name in ("orders", "first_order", "last_order", "revenue_before")] == [
        2, "2026-01-01", "2026-03-31", 50_000_000
    ]  # fmt: skip
    assert [(each["order_id"], each["net"]) for each in evidence["order_list"]] == [
        (str(order.id), order.lines[0][1]) for order in orders
    ]
    lowest = await result(service, made, idle)
    assert (lowest["new_level"], lowest["growth"], lowest["evidence"]["last_order"]) == ("bronze", None, None)
    listed = (await service.get(f"{PATH}/{made['id']}/results?new_level=silver&count=exact")).json()
    assert ([each["partner_id"] for each in listed["items"]], listed["count"]) == ([str(one)], 1)
    assert await told(service) == []
    assert (await tier(service, one))["level"] is None, "a preview is no level"


async def test_backdated_orders_change_no_preview(service: ServiceHarness, days: Days) -> None:
    days.on("2026-04-02")
    programme, one = await a_programme(service), await seller(service)
    await sold(service, one, 19_999_999)
    made = await evaluated(service, programme)
    before = await result(service, made, one)
    await sold(service, one, 500_000_000, "2026-03-01")
    assert await result(service, made, one) == before
    await published(service, made, "2026-04-10")
    assert (await result(service, made, one))["new_level"] == "bronze"
    days.on("2026-04-10")
    assert (await tier(service, one))["level"] == "bronze"
    days.on("2026-07-01")
    await sold(service, one, 30_000_000, "2026-05-01")
    assert (await result(service, await evaluated(service, programme, NEXT), one))["new_level"] == "silver", (
        "its window"
    )


async def _answered(service: ServiceHarness, order_id: UUID, *scores: tuple[str, int | None]) -> None:
    key = new_id()
    events = [
        make_event(
            SurveyAnswered.TYPE,
            {
                **SurveyAnswered.EXAMPLE,
                "id": new_id(),
                "order_id": order_id,
                "kind": kind,
                "score": score,
                "business_date": "2026-02-20",
            },
            key,
        )
        for kind, score in scores
    ]
    await service.deliver(*events, *events)


async def _decided(service: ServiceHarness, partner_id: UUID, state: str, order_id: UUID | None = None) -> None:
    deal = await registered(service, partner_id=str(partner_id))
    async with service.transaction() as tx:
        await tx.execute(
            "UPDATE deal SET state = $2, due_at = NULL, protected_until = '2026-03-01', won_order_id = $3, "
            "rejection = CASE $2 WHEN 'rejected' THEN 'incomplete' END, updated_at = '2026-03-02T00:00:00Z' "
            "WHERE id = $1",
            UUID(deal["id"]),
            state,
            order_id,
        )


async def test_the_other_figures(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-10")
    programme, one = await a_programme(service), await seller(service)
    order = await sold(service, one, 1_000)
    await _decided(service, one, "won", order.id)
    await _decided(service, one, "expired")
    await _decided(service, one, "rejected")
    await _decided(service, one, "withdrawn")
    certificate = {"partner_id": str(one), "kind": "engineer", "valid_from": "2025-01-01"}
    for number, valid_to in (("A", "2026-03-31"), ("B", None), ("C", "2026-03-30")):
        answer = await service.post("/v1/partner-certificates", {**certificate, "number": number, "valid_to": valid_to})
        assert answer.status_code == 201, answer.text
    four = (("nps", 10), ("nps", 5), ("csat", 5), ("ces", 4))
    await _answered(service, order.id, *four, ("custom", None))
    days.on("2026-04-02")
    first = await result(service, await evaluated(service, programme), one)
    assert (first["deals_won"], first["evidence"]["deals_decided"]) == (333_333, 3)
    assert (first["certificates"], first["evidence"]["certificate_numbers"]) == (2, ["engineer A", "engineer B"])
    assert (first["satisfaction"], first["evidence"]["answers"]) == (None, 4), "a custom survey has no score"
    await _answered(service, order.id, ("csat", 3))
    again = await evaluated(service, programme, ("2026-02-01", "2026-03-31"))
    assert (await result(service, again, one))["satisfaction"] == 700_000, "100 + 50 + 100 + 50 + 50 of 500"


async def test_conflicts_count_for_who_is_at_fault(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-10")
    programme = await a_programme(service)
    conflict = await mediated(service)
    at_fault, other = conflict["partner_ids"]
    refused = await service.post(f"/v1/conflicts/{conflict['id']}/propose", keeping(at_fault=[str(new_id())]))
    assert (refused.status_code, codes(refused.json())) == (422, ["/at_fault/0"]), refused.text
    await act(service, conflict, "propose", keeping(at_fault=[at_fault]))
    for each in (at_fault, other):
        await act(service, conflict, "agree", {"partner_id": each})
    days.on("2026-04-02")
    made = await evaluated(service, programme)
    found = [await result(service, made, UUID(each)) for each in (at_fault, other)]
    assert [each["conflicts"] for each in found] == [1, 0]
    assert found[0]["evidence"]["conflict_numbers"] == [conflict["number"]]


async def test_one_is_open_of_a_programme_and_period(service: ServiceHarness, days: Days) -> None:
    days.on("2026-07-02")
    programme, other = await a_programme(service), await a_programme(service)
    answers = await asyncio.gather(*(service.post(PATH, asked(programme)) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"evaluation-open"}
    for body in (asked(programme, NEXT), asked(other)):
        assert (await service.post(PATH, body)).status_code == 202
    (made,) = [answer.json() for answer in answers if answer.status_code == 202]
    gone = await service.post(f"{PATH}/{made['id']}/cancel")
    assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
    assert (await service.post(PATH, asked(programme))).status_code == 202
    await work_off(service)
    assert (await service.get(f"{PATH}/{made['id']}")).json()["partners"] is None, "nobody calculates what was given up"
    closed = await service.post(f"{PATH}/{made['id']}/cancel")
    assert (closed.status_code, closed.json()["code"]) == (409, "tier-evaluation-state")


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"period_to": "2025-12-31"}, "period-invalid", "/period_to"),
        ({"period_to": "2199-01-01"}, "period-invalid", "/period_to"),
        ({"period_from": "1990-01-01"}, "period-invalid", "/period_to"),
        ({"programme_id": "01989f2e-0000-7000-8000-0000000000ff"}, "unknown-reference", "/programme_id"),
        ({"period_from": "2025-01-01", "period_to": "2025-12-31"}, "unknown-reference", "/programme_id"),
        ({"period_to": None}, "invalid", "/period_to"),
        ({"as_of": "2026-01-01"}, "invalid", "/as_of"),
    ],
)
async def test_bad_periods(service: ServiceHarness, changes: dict[str, Any], code: str, pointer: str) -> None:
    body = {**asked(await a_programme(service)), **changes}
    answer = await service.post(PATH, body)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer]), answer.text


async def test_who_may_what(service: ServiceHarness, days: Days) -> None:
    days.on("2026-04-02")
    programme, one = await a_programme(service), await seller(service)
    made = await evaluated(service, programme)
    at = f"{PATH}/{made['id']}"
    for role in ("sales_rep", "risk_officer", "auditor", "sales_director"):
        who = service.headers("x", role)
        assert (await service.post(PATH, asked(programme), headers=who)).status_code == 403
        assert (await service.get(f"{at}/results/{one}", headers=who)).status_code == 200
        assert (await service.get(f"/v1/partners/{one}/tier", headers=who)).status_code == 200
    for role in ("service_agent", "partner"):
        who = service.headers("x", role)
        for path in (PATH, PROGRAMMES, f"{at}/results"):
            assert (await service.get(path, headers=who)).status_code == 403
    manager = service.headers("x", "channel_manager")
    for path, body in (("publish", {"effective_from": "2026-05-01"}), (f"results/{one}/decide", {})):
        assert (await service.post(f"{at}/{path}", body, headers=manager)).status_code == 403
    unknown = new_id()
    for path, noun in (
        (f"{PATH}/{unknown}", "tier-evaluation"),
        (f"{PATH}/{unknown}/results", "tier-evaluation"),
        (f"{at}/results/{unknown}", "tier-result"),
        (f"/v1/partners/{unknown}/tier", "partner"),
    ):
        answer = await service.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, f"{noun}-not-found")


async def test_programmes_go_on_in_versions(service: ServiceHarness, days: Days) -> None:
    days.on("2026-04-02")
    made = await drafted(service)
    path = f"{PROGRAMMES}/{made['id']}"
    alone = await service.post(f"{path}/publish")
    assert (alone.status_code, alone.json()["code"]) == (409, "same-person")
    early = await service.post(f"{path}/revise", {"valid_from": "2026-04-01"})
    assert (early.status_code, early.json()["code"]) == (409, "tier-programme-state")
    assert (await service.post(f"{path}/publish", headers=director(service))).status_code == 200
    same = await service.post(f"{path}/revise", {"valid_from": "2026-01-01"})
    assert (same.status_code, codes(same.json())) == (422, ["/valid_from"])
    second = await service.post(f"{path}/revise", {"valid_from": "2026-04-01"})
    assert (second.status_code, second.json()["programme_version"]) == (201, 2)
    twice = await service.post(f"{path}/revise", {"valid_from": "2026-05-01"})
    assert (twice.status_code, twice.json()["code"]) == (409, "draft-open")
    both = [{"code": "gold", "name": "Gold", "rank": 1}, {"code": "GOLD", "name": "Gold", "rank": 1}]
    body = {"name": "Levels", "valid_from": "2026-04-01", "levels": both}
    sent = service.headers(If_Match="*")
    refused = await service.request("PUT", f"{PROGRAMMES}/{second.json()['id']}", body, headers=sent)
    assert (refused.json()["code"], codes(refused.json())) == (
        "tier-levels-invalid",
        ["/levels/1/code", "/levels/1/rank"],
    )
    kept = await service.post(PATH, asked(made, QUARTER))
    assert kept.json()["programme_id"] == made["id"], "the version that counts on the last day"
