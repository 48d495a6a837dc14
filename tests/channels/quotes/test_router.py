"""Quotes over HTTP: what is asked for, at which prices, with which promotions, for how long."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit import clock
from kit.due.loop import DueLoop
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.channels.events_out.quotes import QuoteExpired, QuoteIssued, QuoteWithdrawn
from services.channels.promotions import repository
from services.channels.worker import DUES
from tests.channels.conftest import Order, partner
from tests.channels.quotes.offers import (
    ENTRIES,
    OWNER,
    PATH,
    SELLER,
    account,
    body,
    cost,
    goods,
    in_yuan,
    member,
    promotion,
    quoted,
)


def today(service: ServiceHarness) -> date:
    return clock.business_date(service.runtime.settings.timezone)


async def test_a_quote_is_priced_issued_and_told(service: ServiceHarness) -> None:
    await goods(service)
    buyer, seller = await account(service), await partner(service)
    given_id = await promotion(service, code="TEN", reward={"type": "line_rate", "share": 100_000})
    made = await quoted(service, body(buyer, ("cd-rock", 3), ("CD-FOLK", 1), partner_id=str(seller)))
    assert (made["state"], made["revision"], made["version"], made["approvals"]) == ("issued", 1, 1, [])
    assert made["number"] == f"QU-{today(service).year}-{int(made['number'][-6:]):06d}"
    names = ("sku", "quantity", "unit_price", "discount", "net")
    assert [tuple(line[name] for name in names) for line in made["lines"]] == [
        ("CD-ROCK", 3, 10_000, 3_000, 27_000),
        ("CD-FOLK", 1, 4_995, 500, 4_495),
    ]
    assert (made["gross"], made["discount"], made["net"], made["net_base"]) == (34_995, 3_500, 31_495, 31_495)
    assert made["valid_until"] == str(today(service) + timedelta(days=30))
    (fact,) = await service.published(QuoteIssued.TYPE)
    assert (fact.subject, fact.key, fact.sequence) == (made["id"], str(seller), 1)
    told = fact.payload
    assert (told["net"], told["number"], told["owner_id"]) == (31_495, made["number"], str(OWNER))
    assert told["lines"][0]["promotions"] == [{"promotion_id": given_id, "discount": 3_000}]
    assert (await service.get(f"{PATH}/{made['id']}")).json() == made


async def test_what_is_kept_is_what_an_order_is_compared_with(service: ServiceHarness) -> None:
    await goods(service)
    await in_yuan(service)
    every = {"type": "spend_every", "steps": {"CNY": {"spend": 30_000, "amount": 1_000}}}
    order = await promotion(service, "order", code="EVERY", kind="spend", reward=every)
    made = await quoted(service, body(await account(service), *[("CD-ROCK", 1)] * 3, currency="CNY"))
    rows = await service.rows("SELECT * FROM quote_part ORDER BY line_no")
    assert [(str(row["promotion_id"]), row["discount"]) for row in rows] == [(order, 334), (order, 333), (order, 333)]
    assert sum(row["discount_base"] for row in rows) == 137, "converted once, then spread"
    assert (made["net"], made["net_base"], made["exchange_rate"]) == (29_000, 3_973, "0.137")
    assert sum(line["net_base"] for line in made["lines"]) == 3_973


async def test_a_preview_stores_nothing_and_says_what_a_quote_would(service: ServiceHarness) -> None:
    await goods(service)
    evening = {"starts_at": "2026-02-12T20:00:00+08:00", "ends_at": "2026-02-12T22:00:00+08:00"}
    await promotion(service, code="EVENING", kind="limited_time", windows=[evening])
    sent = body(await account(service), ("CD-ROCK", 1))
    found = {}
    for moment in ("19:59:59", "20:00:00", "21:59:59", "22:00:00"):
        answer = await service.post(f"{PATH}/preview", {**sent, "at": f"2026-02-12T{moment}+08:00"})
        assert answer.status_code == 200, answer.text
        found[moment] = answer.json()
    assert [one["discount"] for one in found.values()] == [0, 1_000, 1_000, 0]
    assert found["22:00:00"]["not_applied"] == [{"code": "EVENING", "reason": "window", "missing": None}]
    assert (found["20:00:00"]["quote_date"], found["20:00:00"]["valid_until"]) == ("2026-02-12", "2026-02-12")
    assert found["22:00:00"]["valid_until"] == "2026-03-14"
    assert found["20:00:00"]["lines"][0]["steps"] == [
        {"step": "price", "code": "LIST CD-ROCK", "version": 0, "before": 10_000, "after": 10_000},
        {"step": "line", "code": "EVENING", "version": 2, "before": 10_000, "after": 9_000},
    ]
    assert await service.rows("SELECT 1 FROM quote UNION ALL SELECT 1 FROM quote_line") == []
    assert await service.published(QuoteIssued.TYPE) == []


async def test_the_trace_says_what_is_missing(service: ServiceHarness) -> None:
    await goods(service)
    steps = {"type": "spend_steps", "steps": {"USD": [{"spend": 30_000, "amount": 5_000}]}}
    await promotion(service, code="OFF", reward={"type": "line_amount", "amounts": {"USD": 100}})
    await promotion(service, "order", code="SPEND", kind="spend", reward=steps)
    sent = body(await account(service), ("CD-ROCK", 3))
    made = await quoted(service, sent)
    trace = (await service.get(f"{PATH}/{made['id']}/trace")).json()
    assert trace["not_applied"] == [{"code": "SPEND", "reason": "threshold", "missing": 300}]
    declined = await quoted(service, {**sent, "declined": ["off", "NOBODYS"]})
    assert (made["discount"], declined["discount"]) == (300, 5_000), "the earlier step is given up"


async def test_a_gift_is_taken_by_name(service: ServiceHarness) -> None:
    await goods(service)
    await cost(service, "CD-JAZZ", 1_200)
    gift = {"type": "gift", "sku": "CD-JAZZ", "quantity": 1, "spends": {"USD": 30_000}}
    await promotion(service, "gift", code="CUP", kind="gift", reward=gift)
    buyer = await account(service)
    plain = await quoted(service, body(buyer, ("CD-ROCK", 3)))
    trace = (await service.get(f"{PATH}/{plain['id']}/trace")).json()
    assert trace["offered"] == [{"code": "CUP", "sku": "CD-JAZZ", "quantity": 1}]
    assert len(plain["lines"]) == 1, "nobody is forced to take one"
    made = await quoted(service, body(buyer, ("CD-ROCK", 3), gifts=["cup"]))
    line = made["lines"][1]
    assert (line["line_no"], line["sku"], line["is_gift"]) == (2, "CD-JAZZ", True)
    assert (line["discount"], line["net"]) == (5_000, 0)
    assert line["promotions"][0]["discount_base"] == 1_200, "its cost is what the budget pays"
    assert (made["gross"], made["discount"], made["net"]) == (35_000, 5_000, 30_000)
    answer = await service.post(PATH, body(buyer, ("CD-ROCK", 2), gifts=["CUP"]))
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, "gift-not-offered", ["/gifts/0"])


async def test_cost_floor_and_margin_are_for_those_who_may_see_costs(service: ServiceHarness) -> None:
    await goods(service)
    await cost(service, "CD-ROCK", 8_000)
    await member(service, OWNER, "rep")
    sent = body(await account(service), ("CD-ROCK", 1))
    made = await quoted(service, sent)
    line = made["lines"][0]
    assert (line["floor"], line["unit_cost_base"], line["margin"]) == (8_000, 8_000, 200_000)
    assert (made["cost_base"], made["margin"]) == (8_000, 200_000)
    headers = service.headers("rep", "sales_rep")
    for path in ("", "/trace"):
        shown = (await service.get(f"{PATH}/{made['id']}{path}", headers=headers)).json()
        assert {shown["lines"][0][name] for name in ("floor", "unit_cost_base", "margin")} == {None}
    preview = (await service.post(f"{PATH}/preview", sent, headers=headers)).json()
    assert {preview[name] for name in ("cost_base", "margin")} == {None} == {preview["lines"][0]["floor"]}
    (item,) = (await service.get(PATH, headers=headers)).json()["items"]
    assert (item["cost_base"], item["net"]) == (None, 10_000)
    assert (await service.get(f"{PATH}?cost_base=8000", headers=headers)).status_code == 400


async def test_a_quote_holds_until_the_first_end_of_what_it_was_found_from(service: ServiceHarness) -> None:
    day = today(service)
    await goods(service)
    buyer = await account(service)
    longest = await quoted(service, body(buyer, ("CD-ROCK", 1), valid_days=90))
    assert longest["valid_until"] == str(day + timedelta(90))
    window = {"starts_on": "2026-01-01", "ends_on": str(day + timedelta(20))}
    await promotion(service, code="SHORT", windows=[window])
    assert (await quoted(service, body(buyer, ("CD-ROCK", 1))))["valid_until"] == str(day + timedelta(20))
    declined = body(buyer, ("CD-ROCK", 1), declined=["SHORT"])
    assert (await quoted(service, declined))["valid_until"] == str(day + timedelta(30))
    (book,) = (await service.get("/v1/price-books")).json()["items"]
    revised = await service.post(f"/v1/price-books/{book['id']}/revise", {"valid_from": str(day + timedelta(10))})
    assert (await service.post(f"/v1/price-books/{revised.json()['id']}/publish")).status_code == 200
    assert (await quoted(service, declined))["valid_until"] == str(day + timedelta(9)), "the next prices begin then"


async def test_a_quote_expires_once_after_its_last_day(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await goods(service)
    buyer, day = await account(service), today(service)
    first = await quoted(service, body(buyer, ("CD-ROCK", 1), valid_days=1))
    await quoted(service, body(buyer, ("CD-ROCK", 1), valid_days=2))
    pending = body(buyer, {"sku": "CD-ROCK", "quantity": 1, "manual_discount": 5_000}, valid_days=1)
    waits = await quoted(service, pending)
    zone = service.runtime.settings.timezone
    loop = DueLoop(service.runtime, DUES)
    monkeypatch.setattr(clock, "now", lambda: clock.start_of_day(zone, day + timedelta(2)) - timedelta(seconds=1))
    assert await loop.turn() == 0, "its last day is one of its days"
    monkeypatch.setattr(clock, "now", lambda: clock.start_of_day(zone, day + timedelta(2)))
    assert (await loop.turn(), await loop.turn()) == (2, 0)
    assert await service.rows("SELECT * FROM due_failure") == []
    states = {one["id"]: one["state"] for one in (await service.get(PATH)).json()["items"]}
    assert (states[first["id"]], states[waits["id"]], sorted(states.values())) == (
        "expired",
        "expired",
        ["expired", "expired", "issued"],
    )
    (fact,) = await service.published(QuoteExpired.TYPE)
    assert (fact.subject, fact.payload["business_date"]) == (first["id"], str(day + timedelta(2)))
    late = await service.post(f"{PATH}/{first['id']}/withdraw")
    assert (late.status_code, late.json()["code"], late.json()["state"]) == (409, "quote-state", "expired")


async def test_of_two_at_once_one_withdraws(service: ServiceHarness) -> None:
    await goods(service)
    made = await quoted(service, body(await account(service), ("CD-ROCK", 1)))
    answers = await asyncio.gather(*(service.post(f"{PATH}/{made['id']}/withdraw") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    (fact,) = await service.published(QuoteWithdrawn.TYPE)
    assert (fact.payload["state"], fact.payload["lines"][0]["net"]) == ("withdrawn", 10_000)


async def test_an_account_that_is_not_heard_of_may_come(service: ServiceHarness) -> None:
    await goods(service)
    await member(service, SELLER, "seller")
    foreign = await account(service)
    seller = service.headers("seller", "sales_rep")
    found = []
    for buyer in (str(new_id()), foreign):
        answer = await service.post(PATH, body(buyer, ("CD-ROCK", 1)), headers=seller)
        problem = answer.json()
        found.append((answer.status_code, problem["code"], problem["retryable"], codes(problem), problem["detail"]))
    assert found[0] == found[1], "an account of others looks like one that is unknown"
    assert found[0][:4] == (422, "unknown-reference", True, ["/account_id"])
    gone = await service.post(PATH, body(await account(service, is_archived=True), ("CD-ROCK", 1)))
    assert (gone.status_code, gone.json()["code"]) == (409, "account-archived")


async def test_nobody_chooses_the_prices_of_another_day_without_the_permission(service: ServiceHarness) -> None:
    await goods(service)
    await member(service, OWNER, "owner")
    yesterday = today(service) - timedelta(days=1)
    sent = body(await account(service), ("CD-ROCK", 1)) | {"quote_date": yesterday.isoformat()}
    seller = service.headers("owner", "sales_rep")
    refused = await service.post(PATH, sent, headers=seller)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    made = await quoted(service, sent | {"quote_date": today(service).isoformat()}, headers=seller)
    revised = {name: value for name, value in sent.items() if name not in ("account_id", "partner_id")}
    path, match = f"{PATH}/{made['id']}", {"If-Match": f'"{made["version"]}"'}
    assert (await service.request("PUT", path, revised, headers=seller | match)).status_code == 403
    leader = await quoted(service, sent, headers=service.headers("lead", "sales_director"))
    assert leader["quote_date"] == yesterday.isoformat()


async def test_a_quote_is_seen_by_its_owner_and_by_its_accounts(service: ServiceHarness) -> None:
    await goods(service)
    await member(service, OWNER, "owner")
    await member(service, SELLER, "seller")
    sent = body(await account(service), ("CD-ROCK", 1))
    manager = await quoted(service, sent, headers=service.headers("seller", "sales_director"))
    assert manager["owner_id"] == str(SELLER), "who writes it owns it"
    path = f"{PATH}/{manager['id']}"
    for subject, status, count in (("owner", 200, 1), ("seller", 200, 1), ("stranger", 404, 0)):
        headers = service.headers(subject, "sales_rep")
        for place in (path, f"{path}/trace"):
            assert (await service.get(place, headers=headers)).status_code == status, (subject, place)
        assert len((await service.get(PATH, headers=headers)).json()["items"]) == count
    answer = await service.post(f"{path}/withdraw", headers=service.headers("stranger", "sales_rep"))
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("changes", "status", "code", "pointer"),
    [
        ({"currency": "CNY"}, 409, "exchange-rate-missing", "/currency"),
        ({"lines": [{"sku": "NONE", "quantity": 1}]}, 422, "unknown-reference", "/lines/0/sku"),
        ({"lines": [{"sku": "CD-STOP", "quantity": 1}]}, 422, "sku-inactive", "/lines/0/sku"),
        ({"lines": [{"sku": "CD-DEAR", "quantity": 1}]}, 409, "price-missing", "/lines/0/sku"),
        ({"lines": [{"sku": "CD-ROCK", "quantity": 1_000_000}] * 500}, 201, "", ""),
        ({"lines": [{"sku": "CD-ROCK", "quantity": 1}] * 501}, 422, "invalid", "/lines"),
        ({"lines": []}, 422, "invalid", "/lines"),
        ({"lines": [{"sku": "CD-ROCK", "quantity": 0}]}, 422, "invalid", "/lines/0/quantity"),
        (
            {"lines": [{"sku": "CD-ROCK", "quantity": 1, "manual_discount": 10_001}]},
            422,
            "discount-too-large",
            "/lines/0/manual_discount",
        ),
        ({"lines": [{"sku": "CD-ROCK", "quantity": 1, "unit_price": 1}]}, 422, "invalid", "/lines/0/unit_price"),
        ({"partner_id": str(new_id())}, 422, "unknown-reference", "/partner_id"),
        ({"channel_id": str(new_id())}, 422, "unknown-reference", "/channel_id"),
        ({"quote_date": "2199-01-01"}, 422, "validity-invalid", "/quote_date"),
        ({"quote_date": "2026-01-01", "valid_days": 1}, 422, "validity-invalid", "/quote_date"),
        ({"quote_date": "1950-01-01"}, 409, "price-missing", "/lines/0/sku"),
        ({"valid_days": 91}, 422, "invalid", "/valid_days"),
        ({"gifts": ["NONE"]}, 422, "gift-not-offered", "/gifts/0"),
        ({"coupon_codes": ["X"]}, 422, "coupon-invalid", "/coupon_codes/0"),
        ({"coupon_codes": ["X"] * 6}, 422, "invalid", "/coupon_codes"),
        ({"points": 1}, 422, "points-short", "/points"),
        ({"points": -1}, 422, "invalid", "/points"),
    ],
)
async def test_what_cannot_be_is_refused(
    service: ServiceHarness, changes: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    await goods(service)
    stopped = {"sku": "CD-STOP", "name": "Stop", "product_line": "rock", "is_active": False}
    assert (await service.post("/v1/products", stopped)).status_code == 201
    assert (await service.post("/v1/products", {**stopped, "sku": "CD-DEAR", "is_active": True})).status_code == 201
    answer = await service.post(PATH, body(await account(service), ("CD-ROCK", 1)) | changes)
    assert (answer.status_code, answer.json().get("code", "")) == (status, code), answer.text
    assert codes(answer.json())[:1] == ([pointer] if pointer else [])


async def test_amounts_that_are_too_large_are_refused(service: ServiceHarness) -> None:
    await goods(service, {**ENTRIES[0], "breaks": [{"min_quantity": 1, "unit_price": 10**13}]}, min_markup=1_000_000)
    buyer = await account(service)
    many = await service.post(PATH, body(buyer, ("CD-ROCK", 2)))
    assert (many.status_code, many.json()["code"], codes(many.json())) == (422, "amount-overflow", ["/lines/0/sku"])
    total = await service.post(PATH, body(buyer, ("CD-ROCK", 1), ("CD-ROCK", 1)))
    assert (total.status_code, codes(total.json())) == (422, ["/lines"])
    await cost(service, "CD-ROCK", 10**13)
    floor = await service.post(PATH, body(buyer, ("CD-ROCK", 1)))
    assert (floor.status_code, codes(floor.json())) == (422, ["/lines/0/quantity"])


async def test_partner_and_channel_must_be_open(service: ServiceHarness) -> None:
    await goods(service)
    buyer = await account(service)
    applied = {"code": "P-9", "name": "Harbour", "kind": "reseller", "regions": ["CN-SH"]}
    made = (await service.post("/v1/partners", applied)).json()["id"]
    answer = await service.post(PATH, body(buyer, ("CD-ROCK", 1), partner_id=made))
    assert (answer.status_code, answer.json()["code"]) == (422, "partner-inactive")
    shop = {"code": "shop", "name": "Shop", "kind": "own_site", "is_direct": True}
    channel = (await service.post("/v1/channels", shop)).json()["id"]
    assert (await quoted(service, body(buyer, ("CD-ROCK", 1), channel_id=channel)))["channel_id"] == channel
    await service.post(f"/v1/channels/{channel}/archive")
    answer = await service.post(PATH, body(buyer, ("CD-ROCK", 1), channel_id=channel))
    assert (answer.status_code, answer.json()["code"]) == (422, "channel-archived")


async def test_too_many_pairs_of_line_and_promotion(service: ServiceHarness) -> None:
    await goods(service)
    for name in ("A", "B"):
        await promotion(service, code=name, group=f"G-{name}", reward={"type": "line_rate", "share": 10_000})
    buyer = await account(service)
    assert (await service.post(PATH, body(buyer, *[("CD-ROCK", 1)] * 250))).status_code == 201
    answer = await service.post(PATH, body(buyer, *[("CD-ROCK", 1)] * 251))
    assert (answer.status_code, answer.json()["code"]) == (422, "too-many-parts")


async def test_first_and_quiet_follow_from_sales(service: ServiceHarness) -> None:
    await goods(service)
    await promotion(service, code="FIRST", kind="first_order", group="G-1")
    await promotion(service, code="QUIET", kind="quiet", group="G-2")
    buyer = await account(service)

    async def reasons() -> dict[str, str]:
        answer = await service.post(f"{PATH}/preview", body(buyer, ("CD-ROCK", 1)))
        return {one["code"]: one["reason"] for one in answer.json()["not_applied"]}

    assert await reasons() == {"QUIET": "audience"}
    for days, expected in ((179, {"FIRST": "audience", "QUIET": "audience"}), (180, {"FIRST": "audience"})):
        async with service.transaction() as tx:
            await tx.execute("DELETE FROM sale")
            await tx.execute("DELETE FROM sale_line")
        order = Order(None, [("rock", 100)], today(service) - timedelta(days), key=UUID(buyer))
        await service.deliver(order.confirmed())
        assert await reasons() == expected, days
    async with service.transaction() as tx:
        await tx.execute("UPDATE sale_line SET returned = quantity")
    assert await reasons() == {}, "an order that wholly came back is none"


async def test_rules_are_read_again_when_they_change_and_only_then(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = 0
    whole = repository.standing

    async def counted(tx: Any) -> Any:
        nonlocal loads
        loads += 1
        return await whole(tx)

    monkeypatch.setattr(repository, "standing", counted)
    await goods(service)
    made = await promotion(service, code="TEN")
    sent = body(await account(service), ("CD-ROCK", 1))
    assert [(await quoted(service, sent))["discount"] for _ in range(3)] == [1_000] * 3
    assert loads == 1
    await service.post(f"/v1/promotions/{made}/pause")
    assert [(await quoted(service, sent))["discount"] for _ in range(2)] == [0, 0]
    assert loads == 2


async def test_a_budget_that_does_not_hold_it_gives_nothing(service: ServiceHarness) -> None:
    await goods(service)
    await promotion(service, code="SMALL", budget_base=999)
    await promotion(service, code="ENOUGH", group="G-2", budget_base=1_000)
    preview = await service.post(f"{PATH}/preview", body(await account(service), ("CD-ROCK", 1)))
    assert (preview.json()["discount"], preview.json()["not_applied"][0]["reason"]) == (1_000, "budget")
