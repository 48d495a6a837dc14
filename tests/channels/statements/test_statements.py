"""Statements of rebates: calculated by a job, decided by a second person, carried, paid."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date
from typing import Any

import asyncpg
import orjson
import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes, make_event
from services.channels.events_out.rebates import RebateAdjusted
from services.channels.events_out.statements import RebatePaid, RebateStatementApproved
from services.channels.statements import jobs
from services.channels.statements import service as use_cases
from services.risk.events_out.holds import CreditHoldPlaced
from tests.channels.conftest import Days, Order, partner, publish
from tests.channels.rebates.test_laws import handle
from tests.channels.statements.stated import (
    DIRECTOR,
    PATH,
    Row,
    act,
    adjust,
    approve,
    ask,
    lines,
    paid,
    sell,
    state,
    statements,
    work_off,
)

ONE_PERCENT = [{"start": 0, "rate": 10_000}]
SUMS = ("entries", "carry", "accruals", "adjustments", "total", "payable", "carried")


def sums(statement: Row) -> tuple[int, ...]:
    return tuple(statement[name] for name in SUMS)


async def test_what_was_paid_counts(service: ServiceHarness, days: Days) -> None:
    """Retroactive 5 %, from 1,100.00 10 %: 50.00 paid at 1,000.00, at 1,200.00 70.00."""
    partner_id = await partner(service)
    tiers = [{"start": 0, "rate": 50_000}, {"start": 110_000, "rate": 100_000}]
    days.on("2026-01-02")
    await publish(service, kind="retroactive", tiers=tiers, period="year")
    days.on("2026-02-10")
    await sell(service, partner_id, 100_000, "2026-02-01")
    first = await paid(service, await state(service, "2026-02-10", partner_id))
    assert (first["state"], first["total"], first["paid_on"]) == ("paid", 5_000, "2026-02-10")
    days.on("2026-03-10")
    await sell(service, partner_id, 20_000, "2026-03-01")
    second = await state(service, "2026-03-10", partner_id)
    assert sums(second) == (1, 0, 7_000, 0, 7_000, 7_000, 0)
    assert [line["amount"] for line in await lines(service, second)] == [7_000]


async def test_carry_accruals_and_adjustments_are_the_total(service: ServiceHarness, days: Days) -> None:
    """Below the least payout or negative nothing is paid, and all of it stands in the next one."""
    partner_id = await partner(service)
    days.on("2026-01-02")
    await publish(service, tiers=ONE_PERCENT)
    days.on("2026-02-10")
    order = await sell(service, partner_id, 10_000, "2026-02-01")
    first = await state(service, "2026-02-10", partner_id, min_payout=101)
    assert sums(first) == (1, 0, 100, 0, 100, 0, 100)
    await approve(service, first)
    refused = await service.post(f"{PATH}/{first['id']}/pay", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing-to-pay")
    await service.deliver(order.returned(("rock", 8_000)))
    await adjust(service, partner_id, -50)
    days.on("2026-06-01")
    second = await state(service, "2026-05-31", partner_id)
    assert sums(second) == (2, 100, -80, -50, -30, 0, -30)
    assert (await statements(service, id=first["id"]))[0]["carried_to"] == second["id"]
    assert sorted((line["kind"], line["amount"]) for line in await lines(service, second)) == [
        ("accrual", -80),
        ("adjustment", -50),
    ]
    await approve(service, second)
    await adjust(service, partner_id, 30, posting_date="2026-06-01")
    third = await state(service, "2026-06-01", partner_id)
    assert sums(third) == (1, -30, 0, 30, 0, 0, 0)
    await approve(service, third)
    await ask(service, "2026-06-01", partner_id)
    assert orjson.loads((await work_off(service))[-1]["result"]) == {"partners": 1, "statements": 0}, "nothing is left"
    assert len(await statements(service)) == 3


async def test_a_backdated_order_stands_in_the_next_one(service: ServiceHarness, days: Days) -> None:
    partner_id = await partner(service)
    days.on("2026-01-02")
    await publish(service, tiers=ONE_PERCENT)
    await sell(service, partner_id, 10_000, "2026-01-10")
    days.on("2026-02-10")
    await sell(service, partner_id, 500, "2026-02-11")
    first = await approve(service, await state(service, "2026-02-10", partner_id))
    assert first["accruals"] == 100, "what is posted later is not in"
    await sell(service, partner_id, 3_000, "2026-01-05")
    days.on("2026-02-12")
    assert (await state(service, "2026-02-12", partner_id))["accruals"] == 30 + 5


async def test_two_jobs_at_once_share_no_entry(service: ServiceHarness, days: Days) -> None:
    """While orders come in: each entry stands in one statement, and all of them stand in one in the end."""
    ids = [await partner(service, f"P-{number}") for number in range(6)]
    days.on("2026-01-02")
    await publish(service, tiers=ONE_PERCENT)
    days.on("2026-02-10")
    for one in ids:
        await sell(service, one, 10_000, "2026-02-01")
    for _ in range(4):
        await ask(service, "2026-02-10")
    late = [Order(one, [("rock", 2_000)], date(2026, 2, 2)).confirmed() for one in ids]
    await asyncio.gather(work_off(service, workers=4), *(handle(service, event) for event in late))
    assert Counter(row["partner_id"] for row in await statements(service)) == Counter(map(str, ids))
    for row in await statements(service, limit=100):
        await approve(service, row)
    await ask(service, "2026-02-10")
    await work_off(service)
    rows = await service.rows(
        "SELECT x.id, x.amount, count(l.source_id) AS n, max(l.amount) AS stated FROM rebate_accrual x "
        "LEFT JOIN rebate_statement_line l ON l.source_id = x.id AND l.is_live GROUP BY x.id"
    )
    assert len(rows) == 12
    assert {row["n"] for row in rows} == {1}
    assert (
        sum(row["total"] for row in await statements(service, limit=100)) == sum(row["amount"] for row in rows) == 720
    )


async def test_a_job_that_was_cut_off_goes_on(service: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each partner is a step: what it did before it died is there once."""
    ids = [await partner(service, f"P-{number}") for number in range(3)]
    for one in ids:
        await adjust(service, one, 100)
    real, calls = use_cases.calculate, [0]

    async def dies(*args: Any) -> Any:
        calls[0] += 1
        made = await real(*args)
        if calls[0] == 2:
            raise RuntimeError("killed")
        return made

    monkeypatch.setattr(jobs, "calculate", dies)
    (day,) = await service.rows("SELECT max(posting_date) AS day FROM rebate_adjustment")
    await ask(service, day["day"].isoformat())
    (job,) = await work_off(service)
    assert (job["state"], orjson.loads(job["result"])) == ("succeeded", {"partners": 3, "statements": 3})
    assert sorted(row["total"] for row in await statements(service)) == [100, 100, 100]


async def test_somebody_else_than_its_authors_approves(service: ServiceHarness, days: Days) -> None:
    partner_id = await partner(service)
    days.on("2026-02-10")
    manager = service.headers("manager", "channel_manager")
    body = {"partner_id": str(partner_id), "amount": 500, "reason": "Promised"}
    assert (await service.post("/v1/rebate-adjustments", body, headers=manager)).status_code == 201
    found = await state(service, "2026-02-10", partner_id)
    path = f"{PATH}/{found['id']}/approve"
    assert (await service.post(path, headers=manager)).status_code == 403
    for author in ("admin", "manager"):
        answer = await service.post(path, headers=service.headers(author, "administrator"))
        assert (answer.status_code, answer.json()["code"]) == (409, "same-person"), author
    answers = await asyncio.gather(*(service.post(path, headers=service.headers(*DIRECTOR)) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    (said,) = await service.published(RebateStatementApproved.TYPE)
    assert (said.key, said.subject, said.payload["approved_by"]) == (str(partner_id), found["id"], "director")
    pays = await asyncio.gather(*(service.post(f"{PATH}/{found['id']}/pay", {}) for _ in range(3)))
    assert sorted(answer.status_code for answer in pays) == [200, 409, 409]
    (fact,) = await service.published(RebatePaid.TYPE)
    assert (fact.payload["payable"], fact.payload["paid_on"], fact.sequence) == (500, "2026-02-10", 3)
    rows = await service.rows("SELECT kind, ledger_account, amount FROM rebate_posting")
    assert sorted((row["kind"], row["ledger_account"], row["amount"]) for row in rows) == [
        ("adjusted", "partner_payable", -500),
        ("adjusted", "rebate_expense", 500),
        ("paid", "partner_payable", 500),
        ("paid", "partner_payment", -500),
    ]


async def test_a_partner_on_hold_gets_nothing(service: ServiceHarness, days: Days) -> None:
    partner_id = await partner(service)
    days.on("2026-02-10")
    await adjust(service, partner_id, 500)
    found = await state(service, "2026-02-10", partner_id)

    async def hold(version: int, *reasons: str) -> None:
        subject = {"subject_kind": "partner", "partner_id": str(partner_id), "account_id": None}
        payload = {**CreditHoldPlaced.EXAMPLE, **subject, "hold_reasons": list(reasons), "version": version}
        await service.deliver(make_event(CreditHoldPlaced.TYPE, payload, partner_id, sequence=version))

    await hold(1, "overdue")
    held = await service.post(f"{PATH}/{found['id']}/approve", headers=service.headers(*DIRECTOR))
    assert (held.status_code, held.json()["code"]) == (409, "partner-on-hold")
    await hold(2)
    await approve(service, found)
    await hold(3, "overdue")
    held = await service.post(f"{PATH}/{found['id']}/pay", {})
    assert (held.status_code, held.json()["code"]) == (409, "partner-on-hold")
    await hold(4)
    assert (await act(service, found, "pay", {"paid_on": "2026-02-09"}))["paid_on"] == "2026-02-09"


async def test_a_disputed_one_is_calculated_again(service: ServiceHarness, days: Days) -> None:
    """With what was adjusted since; a cancelled one gives its entries and its carry to the next."""
    partner_id = await partner(service)
    days.on("2026-02-10")
    await adjust(service, partner_id, -20)
    await approve(service, await state(service, "2026-02-10", partner_id))
    await adjust(service, partner_id, 500)
    found = await state(service, "2026-02-10", partner_id)
    assert (await act(service, found, "dispute", {"reason": "20 is missing"}))["reason"] == "20 is missing"
    refused = await service.post(f"{PATH}/{found['id']}/approve", headers=service.headers(*DIRECTOR))
    assert (refused.status_code, refused.json()["code"]) == (409, "rebate-statement-state")
    await adjust(service, partner_id, 25)
    again = await act(service, found, "recalculate")
    assert sums(again) == (2, -20, 0, 525, 505, 505, 0)
    await act(service, found, "cancel", {"reason": "Wrong day"})
    assert {line["is_live"] for line in await lines(service, found)} == {False}
    await adjust(service, partner_id, 1)
    assert sums(await state(service, "2026-02-10", partner_id)) == (3, -20, 0, 526, 506, 506, 0)
    assert {fact.type for fact in await service.published()} >= {RebateAdjusted.TYPE}


async def test_an_unbalanced_posting_is_refused_by_the_database(service: ServiceHarness) -> None:
    sql = "INSERT INTO rebate_posting VALUES ($1, 'rebate_expense', 'adjusted', $1, 5, '2026-01-01')"
    with pytest.raises(asyncpg.CheckViolationError):
        async with service.transaction() as tx:
            await tx.execute(sql, new_id())


@pytest.mark.parametrize(
    ("path", "changes", "code", "pointer"),
    [
        (PATH, {"posting_date": "2026-02-11"}, "future-date", "/posting_date"),
        (PATH, {"posting_date": "11.02.2026"}, "invalid", "/posting_date"),
        (PATH, {"min_payout": -1}, "invalid", "/min_payout"),
        (PATH, {"min_payout": 10**40}, "invalid", "/min_payout"),
        (PATH, {"partner_id": str(new_id())}, "unknown-reference", "/partner_id"),
        ("/v1/rebate-adjustments", {"amount": 0}, "invalid", "/amount"),
        ("/v1/rebate-adjustments", {"amount": 10**14}, "invalid", "/amount"),
        ("/v1/rebate-adjustments", {"reason": ""}, "invalid", "/reason"),
        ("/v1/rebate-adjustments", {"posting_date": "2026-02-11"}, "future-date", "/posting_date"),
        ("/v1/rebate-adjustments", {"partner_id": str(new_id())}, "unknown-reference", "/partner_id"),
    ],
)
async def test_what_is_malformed_names_its_field(
    service: ServiceHarness, days: Days, path: str, changes: dict[str, Any], code: str, pointer: str
) -> None:
    partner_id = str(await partner(service))
    days.on("2026-02-10")
    fine: dict[str, Any] = {"partner_id": partner_id, "posting_date": "2026-02-10"}
    fine |= {} if path == PATH else {"amount": 5, "reason": "x"}
    answer = await service.post(path, fine | changes)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer])
