"""The officer's door, and who sees what."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes, make_event
from services.risk.events_out import CreditReserved
from tests.risk.conftest import Order, balance, open_account
from tests.risk.scorecards.scored import set_terms


def release(order: Order, **changes: object) -> dict[str, object]:
    return {"order_id": str(order.id), "decision": "override", "reason": "guarantee", **changes}


async def refused(service: ServiceHarness) -> Order:
    order = Order(await open_account(service, 100), 500)
    await service.deliver(order.placed())
    return order


async def test_an_officer_releases_a_refused_order(service: ServiceHarness) -> None:
    order = await refused(service)
    officer = service.headers("risk-01", "risk_officer")
    answer = await service.post("/v1/credit-decisions", release(order), headers=officer)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["decision"], body["approved_by"], body["amount"], body["credit_limit"]) == (
        "override",
        "risk-01",
        500,
        100,
    )
    assert (await service.get(answer.headers["location"])).json() == body
    fact = (await service.published(CreditReserved.TYPE))[0].payload
    assert (fact["decision"], fact["approved_by"], fact["placement"]) == ("override", "risk-01", 1)
    assert await balance(service, order.account_id) == 500
    history = (await service.get(f"/v1/credit-decisions?order_id={order.id}&sort=decided_at")).json()["items"]
    assert [row["decision"] for row in history] == ["refused", "override"]
    audited = await service.rows("SELECT actor, reason FROM audit_log WHERE action = 'override'")
    assert audited == [{"actor": "risk-01", "reason": "guarantee"}]


async def test_only_a_refused_order_is_released(service: ServiceHarness) -> None:
    order = await refused(service)
    two = await asyncio.gather(*(service.post("/v1/credit-decisions", release(order)) for _ in range(2)))
    assert sorted(answer.status_code for answer in two) == [201, 409]
    assert await balance(service, order.account_id) == 500
    again = await service.post("/v1/credit-decisions", release(order))
    assert (again.status_code, again.json()["code"], again.json()["state"]) == (409, "order-not-refused", "reserved")
    cancelled = await refused(service)
    await service.deliver(cancelled.cancelled())
    assert (await service.post("/v1/credit-decisions", release(cancelled))).status_code == 409


async def test_above_the_ceiling_only_who_may_release_any(service: ServiceHarness) -> None:
    await set_terms(service, override_ceiling=500)
    officer, director = service.headers("o", "risk_officer"), service.headers("d", "sales_director")
    at_it, above = await refused(service), Order(await open_account(service, 100), 501)
    await service.deliver(above.placed())
    assert (await service.post("/v1/credit-decisions", release(at_it), headers=officer)).status_code == 201
    answer = await service.post("/v1/credit-decisions", release(above), headers=officer)
    assert (answer.status_code, answer.json()["code"]) == (403, "override-ceiling")
    assert answer.json()["override_ceiling"] == 500
    assert await balance(service, above.account_id) == 0
    assert (await service.post("/v1/credit-decisions", release(above), headers=director)).status_code == 201
    assert await balance(service, above.account_id) == 501


async def test_an_override_of_an_earlier_placement_is_freed_by_the_next(service: ServiceHarness) -> None:
    order = await refused(service)
    assert (await service.post("/v1/credit-decisions", release(order))).status_code == 201
    order.gross = 80
    await service.deliver(order.placed(2))
    assert await balance(service, order.account_id) == 80


async def test_a_key_gives_one_decision_and_one_answer(service: ServiceHarness) -> None:
    order = await refused(service)
    headers = service.headers(Idempotency_Key="k-1")
    first = await service.post("/v1/credit-decisions", release(order), headers=headers)
    second = await service.post("/v1/credit-decisions", release(order), headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    other = await service.post("/v1/credit-decisions", release(order, reason="x"), headers=headers)
    assert other.status_code == 422
    assert len(await service.published(CreditReserved.TYPE)) == 1


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"decision": "reserve"}, "/decision"),
        ({"reason": " "}, "/reason"),
        ({"reason": "a\u0000b"}, "/reason"),
        ({"order_id": "x"}, "/order_id"),
        ({"amount": 1}, "/amount"),
    ],
)
async def test_a_malformed_decision_names_its_field(
    service: ServiceHarness, changes: dict[str, object], pointer: str
) -> None:
    answer = await service.post("/v1/credit-decisions", release(Order(new_id(), 1), **changes))
    assert (answer.status_code, codes(answer.json())) == (422, [pointer])


async def test_an_order_unknown_here_may_be_asked_for_again(service: ServiceHarness) -> None:
    answer = await service.post("/v1/credit-decisions", release(Order(new_id(), 1)))
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (422, "unknown-reference", True)


async def test_roles(service: ServiceHarness) -> None:
    order = await refused(service)
    for role in ("sales_rep", "sales_manager", "auditor", "service_agent", "channel_manager"):
        answer = await service.post("/v1/credit-decisions", release(order), headers=service.headers("x", role))
        assert answer.status_code == 403
    answer = await service.get("/v1/exposures", headers=service.headers("x", "channel_manager"))
    assert answer.status_code == 403
    assert (await service.client.get("/v1/exposures")).status_code == 401


def member(member_id: object, subject: str, path: list[object]) -> dict[str, object]:
    membership = {"unit_id": path[-1], "path": path, "valid_from": date(2020, 1, 1), "valid_to": None}
    return {"id": member_id, "code": subject, "subject": subject, "role": "sales_rep", "memberships": [membership]}


async def test_record_scope(service: ServiceHarness) -> None:
    """A rep sees their own accounts, a manager those of the subtree, others' are not there."""
    region, team, rep, other, manager = (new_id() for _ in range(5))
    people = [
        member(rep, "rep-01", [region, team]),
        member(other, "rep-02", [new_id()]),
        member(manager, "m", [region]),
    ]
    await service.deliver(*(make_event("targets.member.joined.v1", one, "organisation") for one in people))
    mine = Order(await open_account(service, 100, rep), 50)
    theirs = Order(await open_account(service, 100, other), 50)
    await service.deliver(mine.placed(), theirs.placed())
    for headers in (service.headers("rep-01", "sales_rep"), service.headers("m", "sales_manager")):
        for path in ("credit-profiles", "exposures", "exposure-entries", "order-credits", "credit-decisions"):
            items = (await service.get(f"/v1/{path}", headers=headers)).json()["items"]
            assert [item["account_id"] for item in items] == [str(mine.account_id)], path
        for path in (f"credit-profiles/{theirs.account_id}", f"order-credits/{theirs.id}"):
            assert (await service.get(f"/v1/{path}", headers=headers)).status_code == 404
    director = service.headers("d", "sales_director")
    assert len((await service.get("/v1/exposures", headers=director)).json()["items"]) == 2
    stranger = service.headers("nobody", "sales_rep")
    assert (await service.get("/v1/exposures", headers=stranger)).json()["items"] == []


async def test_lists_filter_sort_and_refuse_what_they_do_not_know(service: ServiceHarness) -> None:
    account_id = await open_account(service, 1000)
    orders = [Order(account_id, amount) for amount in (300, 900, 500)]
    await service.deliver(*(order.placed() for order in orders))
    held = (await service.get("/v1/order-credits?state=refused&fields=order_id,shortfall")).json()["items"]
    assert held == [{"order_id": str(orders[1].id), "shortfall": 200}]
    page = (await service.get("/v1/exposure-entries?limit=1&count=exact&sort=-recorded_at")).json()
    assert page["count"] == 2
    rest = (await service.get(f"/v1/exposure-entries?limit=1&sort=-recorded_at&cursor={page['next_cursor']}")).json()
    assert {page["items"][0]["amount"], rest["items"][0]["amount"]} == {300, 500}
    assert (await service.get("/v1/exposures?color=red")).status_code == 400
