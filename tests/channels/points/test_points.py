"""Members earn with delivered orders, lose what comes back and what expires, and are adjusted by two people."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit import clock
from kit.due.loop import DueLoop
from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.channels.events_out.points import PointsAdjusted, PointsEarned, PointsExpired, PointsReversed
from services.channels.points.dues import POINTS_DUE
from services.customer import events_out as customer
from tests.channels.conftest import Days
from tests.channels.quotes.offers import account, body, goods, promotion, quoted
from tests.channels.rebates.test_laws import logged, publish_all, wrong_findings

__all__ = ["logged"]
PROGRAMMES = "/v1/points-programmes"
CLUB: dict[str, Any] = {
    "code": "CLUB",
    "name": "Club",
    "points": 1,
    "per_base": 1000,
    "factors": [],
    "validity_months": 12,
    "lock_days": 0,
    "valid_from": "2020-01-01",
}


class Sale:
    """An order of an account: lines of (pieces, net), as customer tells of it."""

    def __init__(self, account_id: str, *lines: tuple[int, int]) -> None:
        self.account_id, self.lines, self.id = account_id, lines, new_id()

    def _event(self, kind: type[Any], pieces: Sequence[int] = (), **changes: Any) -> Event:
        line = customer.OrderPlaced.EXAMPLE["lines"][0]
        lines = [
            {
                **line,
                "line_no": number,
                "sku": f"CD-{number}",
                "product_line": "rock" if number == 1 else "jazz",
                "quantity": quantity,
                "net_base": net,
                "returned": pieces[number - 1] if pieces else 0,
            }
            for number, (quantity, net) in enumerate(self.lines, 1)
        ]
        key = UUID(self.account_id)
        payload = {**kind.EXAMPLE, "id": self.id, "account_id": key, "stream_key": key, "partner_id": None}
        event = make_event(kind.TYPE, {**payload, "quote_id": None, "lines": lines, **changes}, key, subject=self.id)
        return replace(event, time=clock.now())

    def fulfilled(self, *pieces: int) -> Event:
        return self._event(customer.OrderFulfilled, pieces)

    def returned(self, *pieces: int) -> Event:
        """Pieces of each line that came back so far."""
        return self._event(customer.OrderReturned, pieces, return_id=new_id())


async def programme(service: ServiceHarness, **changes: Any) -> str:
    answer = await service.post(PROGRAMMES, {**CLUB, **changes})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def joined(service: ServiceHarness, programme_id: str, account_id: str) -> str:
    """Id of a member."""
    answer = await service.post(f"{PROGRAMMES}/{programme_id}/join", {"account_id": account_id})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def a_member(service: ServiceHarness, **changes: Any) -> tuple[str, str]:
    """(account, member)"""
    of = await account(service)
    return of, await joined(service, await programme(service, **changes), of)


async def standing(service: ServiceHarness, member: str) -> tuple[int, int]:
    found = (await service.get(f"/v1/points-accounts/{member}")).json()
    return found["available"], found["usable"]


async def entries(service: ServiceHarness, member: str) -> list[tuple[str, int, int]]:
    found = await service.get(f"/v1/points-accounts/{member}/entries?sort=recorded_at")
    assert found.status_code == 200, found.text
    return [(one["kind"], one["points"], one["balance_after"]) for one in found.json()["items"]]


async def work_dues(service: ServiceHarness) -> None:
    await DueLoop(service.runtime, [POINTS_DUE]).turn()
    assert await service.rows("SELECT * FROM due_failure") == []


async def adjusted(service: ServiceHarness, member: str, points: int) -> Any:
    asked = await service.post(f"/v1/points-accounts/{member}/adjust", {"points": points, "reason": "Late delivery"})
    assert asked.status_code == 201, asked.text
    path = f"/v1/points-adjustments/{asked.json()['id']}/approve"
    return await service.post(path, headers=service.headers("director", "sales_director"))


async def test_a_delivered_order_earns_once(service: ServiceHarness) -> None:
    of, member = await a_member(service, factors=[{"product_lines": ["rock"], "factor": 2_000_000}], lock_days=7)
    sale = Sale(of, (1, 9_550), (1, 890))
    event = sale.fulfilled()
    await service.deliver(event)
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await service.deliver(event, replace(sale.fulfilled(), id=new_id()))
    assert await entries(service, member) == [("earned", 19, 19)]
    assert await standing(service, member) == (19, 0), "usable after its lock"
    (said,) = await service.published(PointsEarned.TYPE)
    assert (said.key, said.subject, said.causation_id) == (of, member, str(event.id))
    assert [said.payload[name] for name in ("points", "balance_after", "order_id")] == [19, 19, str(sale.id)]
    assert sum(line["points"] for line in said.payload["lines"]) == 19


async def test_two_workers_at_once_earn_once(service: ServiceHarness) -> None:
    of, member = await a_member(service)
    sale = Sale(of, (1, 5_000))

    async def heard() -> None:
        async with service.transaction() as tx:
            await service.subscriptions.lane("core").handle(service.work(tx), [sale.fulfilled()])

    await asyncio.gather(*(heard() for _ in range(4)))
    assert await entries(service, member) == [("earned", 5, 5)]


async def test_who_was_no_member_by_then_earns_nothing(service: ServiceHarness, days: Days) -> None:
    of = await account(service)
    early = Sale(of, (1, 5_000)).fulfilled()
    days.moment += timedelta(minutes=1)
    ended = await programme(service, code="OLD", valid_to="2020-12-31")
    assert (await service.post(f"{PROGRAMMES}/{ended}/join", {"account_id": of})).json()["code"] == (
        "points-programme-ended"
    )
    club = await programme(service)
    member = await joined(service, club, of)
    await service.deliver(early)
    assert await entries(service, member) == []
    again = await service.post(f"{PROGRAMMES}/{club}/join", {"account_id": of})
    assert (again.status_code, again.json()["code"]) == (409, "points-account-account-id-taken")
    unknown = await service.post(f"{PROGRAMMES}/{club}/join", {"account_id": str(new_id())})
    assert unknown.status_code == 422


async def test_returns_take_back_their_share_whatever_comes_first(service: ServiceHarness) -> None:
    of, member = await a_member(service)
    early, late = Sale(of, (3, 10_000)), Sale(of, (3, 10_000))
    await service.deliver(early.returned(1), early.fulfilled(1), early.returned(2))
    await service.deliver(late.fulfilled(), late.returned(1), late.returned(2), late.returned(2))
    seen = await entries(service, member)
    assert [one[:2] for one in seen] == [
        ("earned", 7), ("reversed", -4), ("earned", 10), ("reversed", -3), ("reversed", -4),
    ]  # fmt: skip
    assert (await standing(service, member))[0] == 6
    await service.deliver(early.returned(3), late.returned(3))
    assert (await standing(service, member))[0] == 0


async def test_taken_of_its_own_lot_then_of_others_then_owed(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    of, member = await a_member(service)
    first, second = Sale(of, (1, 300_000)), Sale(of, (1, 500_000))
    await service.deliver(first.fulfilled())
    days.on("2026-03-02")
    await service.deliver(second.fulfilled())
    assert (await adjusted(service, member, -400)).status_code == 200
    lots = (await service.published(PointsAdjusted.TYPE))[0].payload["lots"]
    assert [(lot["points"], lot["expires_on"]) for lot in lots] == [(300, "2027-03-01"), (100, "2027-03-02")]
    short = await adjusted(service, member, -401)
    assert (short.status_code, short.json()["code"]) == (409, "points-short")
    await service.deliver(first.returned(1))
    (said,) = await service.published(PointsReversed.TYPE)
    assert [lot["points"] for lot in said.payload["lots"]] == [300], "its own is gone: of the other"
    await service.deliver(second.returned(1))
    assert await standing(service, member) == (-400, 0)
    await service.deliver(Sale(of, (1, 450_000)).fulfilled())
    assert await standing(service, member) == (50, 50)
    assert (await service.rows("SELECT sum(remaining)::int AS left FROM points_lot"))[0]["left"] == 50


async def test_what_remains_expires_the_day_after_its_last(service: ServiceHarness, days: Days) -> None:
    days.on("2026-02-14")
    of, member = await a_member(service)
    sale = Sale(of, (3, 300_000))
    await service.deliver(sale.fulfilled(), sale.returned(1))
    days.on("2026-03-01")
    await service.deliver(Sale(of, (1, 50_000)).fulfilled())
    days.on("2027-02-14", hour=23)
    await work_dues(service)
    assert (await standing(service, member))[0] == 250
    days.on("2027-02-15", hour=1)
    for _ in range(2):
        await work_dues(service)
    assert (await standing(service, member))[0] == 50
    (said,) = await service.published(PointsExpired.TYPE)
    assert (said.key, said.payload["points"], said.payload["business_date"]) == (member, 200, "2027-02-15")
    days.on("2027-03-20")
    await asyncio.gather(*(work_dues(service) for _ in range(3)))
    assert [one[:2] for one in await entries(service, member)][-1] == ("expired", -50)
    await service.deliver(sale.returned(3))
    assert (await standing(service, member))[0] == -200, "a return of what has expired is owed"


async def test_adjustments_need_two_people_and_count_once(service: ServiceHarness) -> None:
    _of, member = await a_member(service)
    sent = {"points": 50, "reason": "Late delivery in spring"}
    asked = (await service.post(f"/v1/points-accounts/{member}/adjust", sent)).json()
    path = f"/v1/points-adjustments/{asked['id']}"
    same = await service.post(f"{path}/approve")
    assert (same.status_code, same.json()["code"]) == (409, "same-person")
    assert (await standing(service, member))[0] == 0
    director = service.headers("director", "sales_director")
    answers = await asyncio.gather(*(service.post(f"{path}/approve", headers=director) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [200, 409, 409]
    assert await entries(service, member) == [("adjusted", 50, 50)]
    assert (await service.post(f"{path}/reject", headers=director)).json()["code"] == "points-adjustment-state"
    (said,) = await service.published(PointsAdjusted.TYPE)
    assert str(sent["reason"]) not in str(said.payload)
    other = (await service.post(f"/v1/points-accounts/{member}/adjust", {**sent, "points": -5})).json()
    rejected = await service.post(f"/v1/points-adjustments/{other['id']}/reject", headers=director)
    assert rejected.json()["state"] == "rejected"
    assert (await standing(service, member))[0] == 50
    none = await service.post(f"/v1/points-accounts/{member}/adjust", {**sent, "points": 0})
    assert none.status_code == 422


async def test_points_are_seen_by_the_owner_of_the_account(service: ServiceHarness) -> None:
    of, member = await a_member(service)
    stranger = service.headers("stranger", "sales_rep")
    assert (await service.get(f"/v1/points-balances/{of}", headers=stranger)).status_code == 404
    (balance,) = (await service.get(f"/v1/points-balances/{of}")).json()["items"]
    assert balance["points_account_id"] == member
    assert (await service.get(f"/v1/points-balances/{new_id()}")).json()["code"] == "account-not-found"
    path = f"/v1/points-accounts/{member}"
    assert (await service.get(path, headers=stranger)).status_code == 404
    assert (await service.get(f"{path}/entries", headers=stranger)).status_code == 404
    assert (await service.get("/v1/points-accounts", headers=stranger)).json()["items"] == []
    assert len((await service.get("/v1/points-accounts")).json()["items"]) == 1


async def test_a_programme_ends_in_the_future_alone_and_keeps_its_rate(service: ServiceHarness) -> None:
    made = await programme(service)
    path = f"{PROGRAMMES}/{made}"
    past = await service.patch(path, {"valid_to": str(date(2024, 1, 1))}, 1)
    assert (past.status_code, past.json()["code"]) == (422, "validity-invalid")
    ended = await service.patch(path, {"valid_to": str(clock.business_date("Asia/Shanghai"))}, 1)
    assert ended.status_code == 200, ended.text
    rate = await service.patch(path, {"points": 2}, 2)
    assert rate.status_code == 422


async def test_members_have_their_price(service: ServiceHarness) -> None:
    """3 x 99.00 at 79.00: 60.00."""
    entry = {
        "code": "CD-ROCK",
        "sku": "CD-ROCK",
        "method": "fixed",
        "breaks": [{"min_quantity": 1, "unit_price": 9_900}],
    }
    await goods(service, entry)
    await promotion(service, kind="member_price", reward={"type": "line_price", "prices": {"USD": 7_900}})
    of, _member = await a_member(service)
    assert (await quoted(service, body(of, ("CD-ROCK", 3))))["discount"] == 6_000
    assert (await quoted(service, body(await account(service), ("CD-ROCK", 3))))["discount"] == 0


async def test_points_are_the_fold_of_their_facts_and_verified(logged: ServiceHarness, days: Days) -> None:
    service = logged
    days.on("2026-02-14")
    of, member = await a_member(service, factors=[{"product_lines": ["rock"], "factor": 2_000_000}])
    first, second = Sale(of, (3, 95_500), (2, 8_900)), Sale(of, (2, 40_000))
    events = [first.fulfilled(), second.fulfilled(), second.returned(1), first.returned(3, 1)]
    await service.deliver(*events)
    assert (await adjusted(service, member, 30)).status_code == 200
    days.on("2027-03-01")
    await work_dues(service)
    late = second.returned(2)
    await service.deliver(late)
    kinds = {kind for kind, _points, _after in await entries(service, member)}
    assert kinds == {"earned", "reversed", "adjusted", "expired"}
    await publish_all(service, [*events, late])
    assert await wrong_findings(service) == []
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "terms")
    assert report.equal, report.as_dict()
    assert all(table.live_rows > 0 for table in report.tables if not table.table.startswith(("terms_", "points_use")))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE points_lot SET remaining = remaining + 1",
        "UPDATE points_line SET points = points + 1",
        "UPDATE points_entry SET points = points + 1",
        "UPDATE points_line SET taken = 1",
        "DELETE FROM points_line",
    ],
)
async def test_damaged_points_are_found(logged: ServiceHarness, damage: str) -> None:
    service = logged
    of, _member = await a_member(service)
    event = Sale(of, (1, 5_000)).fulfilled()
    await service.deliver(event)
    await publish_all(service, [event])
    assert await wrong_findings(service) == []
    async with service.transaction() as tx:
        assert await tx.execute(damage) == 1
    assert await wrong_findings(service) != []
