"""Lists read by owner show each row that is the caller's to see, once: after hand-overs, merges and races too."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from kit.ids import new_id
from services.customer.accounts import filing
from services.customer.activities.lists import activities_on
from services.customer.cases.lists import CASES
from services.customer.contacts.lists import CONTACTS
from services.customer.opportunities.lists import opportunities_on
from services.customer.ownership import service as ownership
from services.customer.payments.lists import PAYMENTS
from tests.customer.conftest import OTHER_REP, REP_1, REP_2, World, work_off
from tests.customer.ownership.conftest import as_, hand_over

CALLERS = ("rep-1", "rep-2", "rep-3", "manager-north", "manager-south")
RESOURCES = ("cases", "opportunities", "activities", "contacts", "payments", "leads")
SORTS = {
    "cases": ("-created_at", "due_at", "-due_at", "number", "-received_at"),
    "opportunities": ("-created_at", "expected_close", "-amount_base", "name"),
    "activities": ("created_at", "due_on", "-due_on"),
    "contacts": ("created_at", "name"),
    "payments": ("-created_at", "-received_on"),
    "leads": ("-created_at", "name", "score"),
}

OWNED = {
    ("service_case", "owner_id", "second_owner_id"): CASES,
    ("opportunity", "owner_id"): opportunities_on(date.min),
    ("activity", "owner_id"): activities_on(date.min),
    ("contact",): CONTACTS,
    ("payment",): PAYMENTS,
}
"""Lists by their table and the columns that name who sees a row besides who has its account."""


async def made(world: World, path: str, body: Any) -> dict[str, Any]:
    answer = await world.service.post(path, body)
    assert answer.status_code in (200, 201), (path, answer.text)
    found: dict[str, Any] = answer.json()
    return found


async def filled(world: World, *owners: UUID) -> list[str]:
    """Accounts of these sellers, each with a row of every kind for every seller; their ids."""
    found = []
    for number, owner in enumerate(owners):
        account = await world.account(name=f"Quay {number}", owner_id=str(owner))
        of = {"account_id": account["id"]}
        await made(world, "/v1/contacts", {"name": f"Li {number}", **of})
        await made(world, "/v1/payments", {"currency": "CNY", "amount": 5, "method": "cash", **of})
        for severity, each in zip(("low", "high", "critical"), (REP_1, REP_2, OTHER_REP), strict=True):
            by = {**of, "owner_id": str(each)}
            second = {"second_owner_id": str(OTHER_REP)} if OTHER_REP not in (owner, each) else {}
            await made(world, "/v1/cases", {"kind": "question", "severity": severity, "subject": "s", **by, **second})
            sold = {"name": severity, "amount": len(severity), "currency": "CNY", "expected_close": "2026-05-01"}
            await made(world, "/v1/opportunities", {**sold, **by})
            await made(world, "/v1/activities", {"kind": "task", "due_on": "2026-05-01", **by})
        found.append(account["id"])
    for each in (REP_1, OTHER_REP):
        lead = await made(world, "/v1/leads", {"company": f"Lead {each}", "owner_id": str(each)})
        await made(world, "/v1/activities", {"kind": "call", "lead_id": lead["id"], "owner_id": str(REP_2)})
    await made(world, "/v1/activities", {"kind": "task", "owner_id": str(REP_2)})
    return found


async def paged(world: World, path: str, headers: dict[str, str] | None = None) -> list[str]:
    """Ids of all pages."""
    found, cursor = [], ""
    while True:
        page = (await world.service.get(f"/v1/{path}{cursor}", headers=headers)).json()
        found += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def check(world: World) -> None:
    """Each list of each caller, in each order, by short pages: what single reads show, in the director's order."""
    for resource in RESOURCES:
        in_order = {sort: await paged(world, f"{resource}?limit=200&sort={sort}") for sort in SORTS[resource]}
        for subject in CALLERS:
            own, shown = as_(world, subject), set()
            for one in in_order[SORTS[resource][0]]:
                if (await world.service.get(f"/v1/{resource}/{one}", headers=own)).status_code == 200:
                    shown.add(one)
            for sort, everything in in_order.items():
                found = await paged(world, f"{resource}?limit=3&sort={sort}", own)
                assert found == [one for one in everything if one in shown], (resource, sort, subject)


@pytest.fixture(params=[20, 0])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Members are looked up one by one, or lists are read through."""
    monkeypatch.setattr(filing, "FEW", request.param)


@pytest.mark.usefixtures("few")
async def test_lists_show_what_single_reads_show(south: World) -> None:
    first, second, third = await filled(south, REP_1, REP_2, OTHER_REP)
    await check(south)
    merged = await made(south, f"/v1/accounts/{third}/merge", {"merged_id": first, "reason": "one"})
    await check(south)
    await hand_over(south, {"id": second})
    await hand_over(south, {"id": third}, REP_2)
    await check(south)
    await made(south, f"/v1/merges/{merged['merge_id']}/unmerge", {})
    await check(south)


async def test_each_order_of_a_list_has_an_index_of_each_who_sees_its_rows(world: World) -> None:
    found = {row["indexdef"].partition(" ON public.")[2] for row in await world.service.rows("TABLE pg_indexes")}
    missing = {
        (table, owner, field.order)
        for (table, *owners), spec in OWNED.items()
        for field in spec.fields.values()
        for owner in ("account_owner_id", *owners)
        if field.sortable and f"{table} USING btree ({owner}, {field.order.partition('.')[2]}, id)" not in found
    }
    assert missing == set()


async def test_count_filters_and_account_are_of_what_is_shown_once(world: World) -> None:
    first, _ = await filled(world, REP_1, REP_1)
    own = as_(world, "rep-1")
    for path, count in (
        ("cases?count=exact", 6),
        ("cases?count=exact&severity=low", 2),
        (f"cases?count=exact&account_id={first}", 3),
        (f"opportunities?count=exact&account_id={first}&owner_id={REP_2}", 1),
        ("leads?count=exact&q=lead", 1),
        ("contacts?count=exact&q=li", 2),
    ):
        page = (await world.service.get(f"/v1/{path}", headers=own)).json()
        assert (page["count"], len(page["items"])) == (count, count), path


async def test_what_is_filed_while_an_account_is_handed_over_is_its_new_owners(world: World) -> None:
    account = await world.account(name="Quay", owner_id=str(REP_1))
    filed = "INSERT INTO contact (id, account_id, name, roles, channels) VALUES ($1, $2, 'Li', '{}', '[]')"
    async with world.service.transaction() as tx:
        await tx.execute(filed, new_id(), UUID(account["id"]))
        handing = asyncio.create_task(hand_over(world, account))
        await asyncio.sleep(0.3)
        assert not handing.done(), "it waits for what is being filed"
    await handing
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE account SET owner_id = $2 WHERE id = $1", UUID(account["id"]), REP_2)
        await tx.execute("UPDATE contact SET account_owner_id = $1", REP_2)
        filing_again = asyncio.create_task(made(world, "/v1/contacts", {"name": "Wu", "account_id": account["id"]}))
        await asyncio.sleep(0.3)
        assert not filing_again.done(), "it waits for who hands over"
    await filing_again
    assert {row["account_owner_id"] for row in await world.service.rows("SELECT * FROM contact")} == {REP_2}


async def test_many_rows_follow_by_a_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "AT_ONCE", 1)
    (account,) = await filled(world, REP_1)
    await world.draft({"id": account})
    await hand_over(world, {"id": account})
    assert {job["state"] for job in await work_off(world.service)} == {"succeeded"}
    for table in ("activity", "contact", "opportunity", "payment", "service_case"):
        rows = await world.service.rows(f"SELECT account_owner_id FROM {table} WHERE account_id IS NOT NULL")
        assert {row["account_owner_id"] for row in rows} == {OTHER_REP}, table


async def test_the_calendar_moves_when_a_case_is_due_in_its_list(world: World) -> None:
    await filled(world, REP_1)

    async def due() -> list[tuple[str, str | None]]:
        items = (await world.service.get("/v1/cases?sort=due_at")).json()["items"]
        for item in items:
            shown = (await world.service.get(f"/v1/cases/{item['id']}")).json()
            assert shown["due_at"] == item["due_at"]
        return [(item["id"], item["due_at"]) for item in items]

    before = await due()
    for case_id, _ in before[:1]:
        for verb, body in (("acknowledge", None), ("pause", {"reason": "customer"})):
            assert (await world.service.post(f"/v1/cases/{case_id}/{verb}", body)).status_code == 200
    after = await due()
    assert after[-1] == (before[0][0], None), "a case whose only clock rests is due at no time, and comes last"
