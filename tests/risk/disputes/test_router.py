"""Disputes over HTTP: what they may say, of whom, how they end; two at once, payments and merges meanwhile."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

from kit.clock import business_date
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from tests.risk.conftest import Days, Order, account_created, partner_activated, payment, seller
from tests.risk.contracts.drafts import draft
from tests.risk.disputes.disputed import KNOWN, OFFICER, PATH, act, claim, closed, opened, owed
from tests.risk.redirects.test_decisions import redirect

OPENED, CLOSED = "risk.dispute.opened.v1", "risk.dispute.closed.v1"


async def refused(service: ServiceHarness, *parts: tuple[Order, int], **changes: Any) -> tuple[int, str, list[str]]:
    answer = await service.post(PATH, claim(*parts, **changes), headers=service.headers(*OFFICER))
    body = answer.json()
    return answer.status_code, body.get("code", ""), list(codes(body))


async def test_what_a_dispute_may_not_say(service: ServiceHarness) -> None:
    order, other = await owed(service), await owed(service)
    ahead = str(business_date("Asia/Shanghai") + timedelta(1))
    assert await refused(service) == (422, "nothing-disputed", ["/orders"])
    assert await refused(service, (order, 501)) == (409, "open-exceeded", ["/orders/0/amount"])
    assert await refused(service, (order, 1), (order, 1)) == (422, "invalid", ["/orders/1/order_id"])
    assert await refused(service, (order, 1), (other, 1)) == (422, "different-parties", ["/orders/1/order_id"])
    unknown = Order(new_id(), 5)
    assert await refused(service, (unknown, 1)) == (422, "unknown-reference", ["/orders/0/order_id"])
    assert await refused(service, contract_id=str(new_id())) == (422, "unknown-reference", ["/contract_id"])
    assert await refused(service, (order, 1), known_on=ahead) == (422, "future-date", ["/known_on"])
    assert await refused(service, (order, 1), opened_on="2026-02-13") == (422, "date-order", ["/opened_on"])
    assert await refused(service, (order, 1), limitation_on="2026-02-13") == (422, "date-order", ["/limitation_on"])
    for changes, pointer in (
        ({"claim": 0}, "/claim"),
        ({"side": "both"}, "/side"),
        ({"deadlines": [{"kind": "tea", "on": KNOWN}]}, "/deadlines/0/kind"),
        ({"orders": [{"order_id": str(order.id), "amount": 0}]}, "/orders/0/amount"),
    ):
        assert (await refused(service, (order, 1), **changes))[2] == [pointer]
    assert await service.rows("SELECT FROM dispute") == []
    path = await opened(service, (order, 1), number="DP-1")
    taken = await service.post(PATH, claim((order, 1), number="dp-1"))
    assert (taken.status_code, taken.json()["code"]) == (409, "dispute-number-taken")
    assert (await service.patch(path, {"limitation_on": "2026-02-13"}, 1)).json()["code"] == "date-order"


async def test_a_dispute_from_its_claim_to_its_end(service: ServiceHarness) -> None:
    owner = new_id()
    order = await owed(service, owner_id=owner)
    path = await opened(service, (order, 155))
    found = (await service.get(path)).json()
    expected = {
        "state": "opened",
        "account_id": str(order.account_id),
        "owner_id": str(owner),
        "orders": [{"order_id": str(order.id), "amount": 155}],
        "limitation_on": "2029-02-14",
        "opened_on": str(business_date("Asia/Shanghai")),
        "outcome": None,
    }
    assert {name: found[name] for name in expected} == expected
    changed = await service.patch(path, {"claim": 140, "deadlines": [{"kind": "hearing", "on": "2026-06-01"}]}, 1)
    assert (changed.status_code, changed.json()["claim"], changed.json()["version"]) == (200, 140, 2)
    await act(service, path, "negotiate", "mediate", "litigate", "judge")
    answer = await service.post(f"{path}/close", {"outcome": 100, "costs": 20}, headers=service.headers(*OFFICER))
    ended = answer.json()
    assert (ended["state"], ended["outcome"], ended["costs"]) == ("closed", 100, 20)
    incident = (await service.get(f"/v1/incidents/{ended['incident_id']}")).json()
    assert (incident["gross_loss"], incident["recoveries"], incident["state"]) == (120, 0, "recorded")
    assert (incident["occurred_on"], incident["class"], incident["owner_id"]) == (KNOWN, "credit", str(owner))
    assert incident["cause"] == f"{ended['number']}: {ended['title']}"
    late = await service.patch(path, {"claim": 1}, ended["version"])
    assert (late.status_code, late.json()["code"]) == (409, "dispute-state")
    said = await service.published(OPENED, CLOSED)
    assert [(one.type, one.key, one.payload["version"]) for one in said] == [
        (OPENED, str(order.account_id), 1),
        (CLOSED, str(order.account_id), 7),
    ]
    assert said[1].payload["outcome_base"] == 100
    assert said[1].payload["orders"] == [{"order_id": str(order.id), "amount_base": 155}]
    assert (said[1].payload["changed"], said[0].payload["claim_base"]) == (["state"], 155)
    assert "title" not in said[0].payload
    assert len(await service.published("risk.incident.recorded.v1")) == 1


async def test_what_is_won_is_no_incident(service: ServiceHarness) -> None:
    order = await owed(service)
    ended = await closed(service, await opened(service, (order, 100), side="us"), outcome=-60, costs=10)
    assert (ended["outcome"], ended["incident_id"]) == (-60, None)
    assert await service.rows("SELECT FROM incident") == []


async def test_disputes_at_once_stay_within_what_is_open(service: ServiceHarness) -> None:
    order = await owed(service, 500)
    officer = service.headers(*OFFICER)
    answers = await asyncio.gather(*(service.post(PATH, claim((order, 200)), headers=officer) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409, 409]
    (row,) = await service.rows("SELECT sum(amount)::int AS amount FROM dispute_order")
    assert row["amount"] == 400
    assert await refused(service, (order, 101)) == (409, "open-exceeded", ["/orders/0/amount"])
    path = await opened(service, (order, 100))
    await closed(service, path, 0)
    assert await refused(service, (order, 101)) == (409, "open-exceeded", ["/orders/0/amount"])
    await opened(service, (order, 100))


async def buckets(service: ServiceHarness, as_of: str) -> tuple[int, int]:
    (row,) = (await service.get(f"/v1/receivable-ageings?as_of={as_of}")).json()["items"]
    return row["total"], row["disputed"]


async def test_ageing_says_what_of_it_is_disputed_on_any_day(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 6, 20))
    order = await owed(service, 500)
    path = await opened(service, (order, 300), opened_on="2026-06-10")
    for day, disputed in (("2026-06-09", 0), ("2026-06-10", 300), ("2026-06-20", 300)):
        assert await buckets(service, day) == (500, disputed), day
    await service.deliver(payment(order.account_id, (order, 350), received_on="2026-06-15"))
    assert await buckets(service, "2026-06-14") == (500, 300)
    assert await buckets(service, "2026-06-20") == (150, 150)  # nobody disputes what was paid
    assert [one["order_id"] for one in (await service.get("/v1/receivables?is_disputed=true")).json()["items"]] == [
        str(order.id)
    ]
    assert await refused(service, (order, 1)) == (409, "open-exceeded", ["/orders/0/amount"])
    days.on(date(2026, 6, 25))
    await closed(service, path, 0)
    assert await buckets(service, "2026-06-24") == (150, 150)
    assert await buckets(service, "2026-06-25") == (150, 0)
    assert (await service.get("/v1/receivables?is_disputed=true")).json()["items"] == []
    assert (await service.get(f"/v1/exposures/{order.account_id}")).json()["balance"] == 150


async def test_orders_of_merged_accounts_are_one_partys(service: ServiceHarness) -> None:
    kept, gone = await owed(service), await owed(service)
    assert (await refused(service, (kept, 1), (gone, 1)))[1] == "different-parties"
    await service.deliver(*redirect(kept.account_id, gone.account_id, new_id()))
    path = await opened(service, (kept, 100), (gone, 100))
    found = (await service.get(path)).json()
    assert (found["account_id"], found["filed_account_id"]) == (str(kept.account_id),) * 2
    alone = (await service.get(await opened(service, (gone, 50)))).json()
    assert (alone["account_id"], alone["filed_account_id"]) == (str(kept.account_id), str(gone.account_id))
    both = (await service.get(f"{PATH}?account_id={kept.account_id}")).json()["items"]
    assert len(both) == 2
    assert len((await service.get(f"{PATH}?order_id={gone.id}")).json()["items"]) == 2


async def test_a_dispute_of_a_contract_is_with_its_party(service: ServiceHarness) -> None:
    order, partner = await owed(service), new_id()
    contract = (await draft(service, order.account_id)).rpartition("/")[2]
    found = (await service.get(await opened(service, contract_id=contract))).json()
    assert (found["contract_id"], found["account_id"], found["orders"]) == (contract, str(order.account_id), [])
    await opened(service, (order, 5), contract_id=contract)
    other = await owed(service)
    assert (await refused(service, (other, 5), contract_id=contract))[1] == "different-parties"
    await service.deliver(partner_activated(partner))
    theirs = (await draft(service, account_id=None, partner_id=str(partner))).rpartition("/")[2]
    path = await opened(service, contract_id=theirs)
    found = (await service.get(path)).json()
    assert (found["partner_id"], found["account_id"]) == (str(partner), None)
    assert (await refused(service, (other, 5), contract_id=theirs))[1] == "different-parties"
    ended = await closed(service, path, 7)
    incident = (await service.get(f"/v1/incidents/{ended['incident_id']}")).json()
    assert (incident["class"], incident["gross_loss"]) == ("compliance", 7)
    said = await service.published(CLOSED)
    assert [one.key for one in said] == [str(partner)]


async def test_a_dispute_follows_the_owner_of_its_account(service: ServiceHarness) -> None:
    member = new_id()
    order = await owed(service, owner_id=member)
    await service.deliver(seller(member, "rep-1"), account_created(new_id()))
    path, other = await opened(service, (order, 5)), await opened(service, (await owed(service), 5))
    rep = service.headers("rep-1", "sales_rep")
    assert (await service.get(path, headers=rep)).status_code == 200
    assert (await service.get(other, headers=rep)).status_code == 404
    assert len((await service.get(PATH, headers=rep)).json()["items"]) == 1
    assert (await service.post(PATH, claim((order, 5)), headers=rep)).status_code == 403
