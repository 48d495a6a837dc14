"""Batches of activities: by external id, each row for itself, once; what has ended is told once."""

from __future__ import annotations

import asyncio
from typing import Any

from kit.security.principals import Actor
from kit.web.batch import Results
from kit.work import Work
from services.customer.activities.batches import upsert_activities
from services.customer.activities.schemas import ActivityRow
from tests.customer.conftest import OTHER_REP, REP_1, REP_2, World

ENDED = {"outcome": "interested", "ended_at": "2026-02-13T16:30:00Z"}
UNKNOWN = "018f2a64-0000-7000-8000-0000000000a1"


def row(number: int, **fields: Any) -> dict[str, Any]:
    return {"external_id": {"source": "pbx", "id": f"V-{number}"}, "kind": "call", **fields}


async def sent(world: World, *rows: dict[str, Any], **options: Any) -> list[str]:
    """Status of each row, or the code of its problem."""
    answer = await world.service.post("/v1/activities/batch", {"rows": list(rows)}, **options)
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    return [one["problem"]["code"] if one["problem"] else one["status"] for one in results]


async def listed(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.service.get("/v1/activities?sort=created_at")).json()["items"]
    return sorted(found, key=lambda one: str(one["external_id"]))


async def test_the_same_rows_again_change_nothing(world: World) -> None:
    account = await world.account(external_ids={"erp": "C-1"})
    contact = (await world.service.post("/v1/contacts", {"account_id": account["id"], "name": "Li"})).json()["id"]
    rows = [
        row(1, account_id=account["id"], contact_id=contact, participants=[contact], owner_id=str(REP_1)),
        row(2, account_ref={"source": "erp", "id": "C-1"}, started_at="2026-02-13T16:00:00Z", **ENDED),
        row(3, outcome="no_answer", position={"lat": 31.2, "lon": 121.5}),
    ]
    assert await sent(world, *rows) == ["created"] * 3
    assert await sent(world, *rows) == ["unchanged"] * 3
    assert [(one["state"], one["account_id"]) for one in await listed(world)] == [
        ("planned", account["id"]),
        ("completed", account["id"]),
        ("completed", None),
    ]
    told = await world.service.published("customer.activity.completed.v1")
    assert {(one.payload["outcome"], one.payload["business_date"]) for one in told} >= {("interested", "2026-02-14")}
    assert len(told) == 2


async def test_fields_that_a_row_does_not_name_stay(world: World) -> None:
    assert await sent(world, row(1, subject="Ask", due_on="2026-03-01", owner_id=str(REP_1))) == ["created"]
    assert await sent(world, row(1, kind="visit"), row(1, kind="task")) == ["updated", "row-repeated"]
    (one,) = await listed(world)
    assert [one[name] for name in ("kind", "subject", "due_on", "owner_id")] == [
        "visit",
        "Ask",
        "2026-03-01",
        str(REP_1),
    ]
    assert await sent(world, row(1, kind="visit", subject=None, owner_id=None)) == ["updated"]
    (one,) = await listed(world)
    assert (one["subject"], one["owner_id"]) == (None, str(REP_1))


async def test_what_is_planned_ends_and_what_has_ended_takes_notes_alone(world: World) -> None:
    await sent(world, row(1), row(2))
    assert await sent(world, row(1, **ENDED)) == ["updated"]
    assert await sent(world, row(1, **ENDED), row(2, **{**ENDED, "ended_at": "2999-01-01T00:00:00Z"})) == [
        "unchanged",
        "invalid",
    ]
    assert await sent(world, row(1, outcome="other")) == ["activity-state"]
    assert await sent(world, row(1, kind="visit")) == ["activity-state"]
    assert await sent(world, row(1, notes={"listen": "less"})) == ["updated"]
    _one, two = await listed(world)
    assert (await world.service.post(f"/v1/activities/{two['id']}/cancel")).status_code == 200
    assert await sent(world, row(2)) == ["unchanged"]
    assert await sent(world, row(2, **ENDED)) == ["activity-state"]
    assert len(await world.service.published("customer.activity.completed.v1")) == 1


async def test_a_broken_row_stops_nothing(world: World) -> None:
    mine, other = await world.account(), await world.account(name="Elsewhere")
    theirs = (await world.service.post("/v1/contacts", {"account_id": other["id"], "name": "Li"})).json()["id"]
    gone = await world.account(name="Gone")
    await world.service.post(f"/v1/accounts/{gone['id']}/archive")
    lead = (await world.service.post("/v1/leads", {"company": "Quay"})).json()["id"]
    rows = [
        row(1, account_id=mine["id"]),
        row(2, kind="none"),
        row(3, account_id=mine["id"], contact_id=theirs),
        row(4, account_id=mine["id"], participants=[theirs]),
        row(5, account_id=UNKNOWN),
        row(6, account_ref={"source": "erp", "id": "none"}),
        row(7, opportunity_id=UNKNOWN),
        row(8, case_id=UNKNOWN),
        row(9, lead_id=UNKNOWN),
        row(10, account_id=gone["id"]),
        row(11, owner_id=UNKNOWN),
        row(12, ended_at=ENDED["ended_at"]),
        row(13, lead_id=lead, account_id=mine["id"]),
        row(14, started_at="2026-02-14T01:00:00Z", **ENDED),
        row(15, lead_id=lead),
    ]
    answer = (await world.service.post("/v1/activities/batch", {"rows": rows})).json()
    assert (answer["created"], answer["problems"]) == (2, 13)
    found = [one["problem"]["errors"][:1] for one in answer["results"] if one["problem"]]
    pointers = [one[0]["pointer"].partition("/rows/")[2] if one else "" for one in found]
    assert pointers == [
        "1/kind", "2/contact_id", "3/participants/0", "4/account_id", "5/account_ref", "6/opportunity_id", "7/case_id",
        "8/lead_id", "", "10/owner_id", "11", "12", "13/ended_at",
    ]  # fmt: skip
    assert answer["results"][9]["problem"]["code"] == "account-archived"
    assert await sent(world, row(1, account_id=other["id"]), row(15, lead_id=UNKNOWN)) == ["conflict", "conflict"]


async def test_what_a_lead_became_has_its_activities(world: World) -> None:
    lead = (await world.service.post("/v1/leads", {"company": "Quay", "source": "site"})).json()["id"]
    assert await sent(world, row(1, lead_id=lead)) == ["created"]
    for verb in ("start", "qualify"):
        await world.service.post(f"/v1/leads/{lead}/{verb}")
    answer = await world.service.post(f"/v1/leads/{lead}/convert", {"create_account": {}})
    assert answer.status_code == 200, answer.text
    assert await sent(world, row(1, lead_id=lead), row(2, lead_id=lead)) == ["unchanged", "lead-converted"]
    (one,) = await listed(world)
    assert one["account_id"] == answer.json()["account_id"]


async def test_whose_rows_they_are(world: World) -> None:
    seller, other = world.service.headers("rep-1", "sales_rep"), world.service.headers("rep-3", "sales_rep")
    account = await world.account()
    assert await sent(world, row(1), row(2, owner_id=str(OTHER_REP)), headers=seller) == [
        "created",
        "unknown-reference",
    ]
    assert await sent(world, row(1), headers=other) == ["activity-external-id-taken"]
    assert await sent(world, row(3, account_id=account["id"]), headers=other) == ["unknown-reference"]
    (one,) = await listed(world)
    assert one["owner_id"] == str(REP_1)
    assert await sent(world, row(1, owner_id=str(REP_2)), row(4)) == ["updated", "created"]
    taken = await world.service.post("/v1/activities", row(1))
    assert (taken.status_code, taken.json()["code"]) == (409, "activity-external-id-taken")
    assert taken.json()["conflicting_id"] == one["id"]
    made = await world.service.post("/v1/activities", row(5))
    assert (made.status_code, made.json()["external_id"]) == (201, "V-5")


async def test_merged_accounts_are_one_and_rows_stay_filed(world: World) -> None:
    first = await world.account(external_ids={"erp": "C-1"})
    second = await world.account(name="Second", external_ids={"erp": "C-2"})
    merge = {"merged_id": second["id"], "reason": "the same company"}
    answer = await world.service.post(f"/v1/accounts/{first['id']}/merge", merge)
    assert answer.status_code == 201, answer.text
    contact = (await world.service.post("/v1/contacts", {"account_id": first["id"], "name": "Li"})).json()["id"]
    named = row(1, account_ref={"source": "erp", "id": "C-2"}, contact_id=contact)
    assert await sent(world, named, named | {"external_id": {"source": "pbx", "id": "V-2"}}) == ["created"] * 2
    assert await sent(world, named) == ["unchanged"]
    assert {(one["account_id"], one["filed_account_id"]) for one in await listed(world)} == {
        (first["id"], second["id"])
    }


async def test_batches_at_once_make_each_once(world: World) -> None:
    rows = [row(number, **(ENDED if number % 2 else {})) for number in range(40)]
    answers = await asyncio.gather(*(sent(world, *(rows[::-1] if turn % 2 else rows)) for turn in range(4)))
    statuses = [status for answer in answers for status in answer]
    assert (statuses.count("created"), statuses.count("unchanged")) == (40, 120)
    assert len(await world.service.published("customer.activity.completed.v1")) == 20


async def test_a_batch_is_a_fixed_number_of_statements(world: World) -> None:
    account = await world.account()
    contact = (await world.service.post("/v1/contacts", {"account_id": account["id"], "name": "Li"})).json()["id"]
    actor = Actor("t", frozenset({"t"}), frozenset())
    counts = []
    for start, size in ((0, 2), (2, 200)):
        rows = [
            ActivityRow.model_validate(row(number, account_id=account["id"], contact_id=contact, **ENDED))
            for number in range(start, start + size)
        ]
        seen: list[str] = []
        async with world.service.transaction() as tx:
            connection: Any = tx.connection

            def log(record: Any, seen: list[str] = seen) -> None:
                if "typeinfo_tree" not in record.query and "'jit'" not in record.query:  # a new connection learns types
                    seen.append(record.query)

            connection.add_query_logger(log)
            settings, results = world.service.runtime.settings, Results(size)
            work = Work(tx=tx, actor=actor, service="customer", settings=settings, reaches={"t": "all"})
            await upsert_activities(work, list(enumerate(rows)), results)
            connection.remove_query_logger(log)
        assert results.answer()["created"] == size
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 20
