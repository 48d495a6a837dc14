"""Merges over HTTP, on a real database."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import orjson
import pytest

from kit.due.loop import DueLoop
from services.customer.accounts.dues import TYPES_DUE
from services.customer.identity.dues import IDENTITY_DUE
from tests.customer.conftest import OTHER_REP, REP_1, REP_2, World

USCC, OTHER_USCC = "91110000600037341L", "91310000631159018G"


async def merge(world: World, survivor: dict[str, Any], merged: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """One account merged into another."""
    body = {"merged_id": merged["id"], **fields}
    answer = await world.service.post(f"/v1/accounts/{survivor['id']}/merge", body)
    assert answer.status_code == (200 if fields.get("dry_run") else 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def unmerge(world: World, merge_id: str, **fields: Any) -> dict[str, Any]:
    """A merge taken back."""
    answer = await world.service.post(f"/v1/merges/{merge_id}/unmerge", fields)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _account(world: World, account_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await world.service.get(f"/v1/accounts/{account_id}")).json()
    return found


async def _refused(world: World, survivor_id: str, **body: Any) -> tuple[int, str]:
    answer = await world.service.post(f"/v1/accounts/{survivor_id}/merge", body)
    return answer.status_code, answer.json()["code"]


async def settle(world: World) -> None:
    """Work what the writes of accounts left to do."""
    while await DueLoop(world.service.runtime, [TYPES_DUE, IDENTITY_DUE]).turn():
        pass


async def test_a_merge_is_a_redirect(world: World) -> None:
    survivor = await world.account(name="Blue Harbour Trading", tags=["a", "b"])
    merged = await world.account(
        name="Blue Harbor Trading", country="CN", tax_id=USCC, region="CN-BJ", phone="13800138000", tags=["b", "c"],
        external_ids={"erp": "C-2"}, website="www.blue.example", employees=10,
    )  # fmt: skip
    outcome = await merge(world, survivor, merged, fields={"name": "merged", "region": "merged"}, reason="one")
    assert [one["field"] for one in outcome["fields"]] == [
        "name", "country", "region", "tax_id", "employees", "website", "phone", "tags",
    ]  # fmt: skip
    after = await _account(world, survivor["id"])
    assert (after["name"], after["tax_id"], after["region"]) == ("Blue Harbor Trading", USCC, "CN-BJ")
    assert (after["domain"], after["phone"], after["tags"]) == ("blue.example", "+8613800138000", ["a", "b", "c"])
    answer = await world.service.get(f"/v1/accounts/{merged['id']}")
    assert answer.status_code == 307
    assert answer.json() == {"merged_into": survivor["id"], "merge_id": outcome["merge_id"]}
    assert answer.headers["location"] == f"/v1/accounts/{survivor['id']}"
    assert answer.headers["cache-control"] == "no-store"
    listed = (await world.service.get("/v1/accounts")).json()["items"]
    assert [one["id"] for one in listed] == [survivor["id"]]
    below = (await world.service.get(f"/v1/accounts?merged_into={survivor['id']}")).json()["items"]
    assert [(one["id"], one["tax_id"]) for one in below] == [(merged["id"], None)]
    found = (await world.service.get("/v1/accounts?external_id=C-2")).json()["items"]
    assert [one["id"] for one in found] == [survivor["id"]]
    assert (await world.service.get(f"/v1/merges/{outcome['merge_id']}")).json()["reason"] == "one"
    (item,) = (await world.service.get(f"/v1/merges?account_id={merged['id']}")).json()["items"]
    assert (item["id"], item["state"]) == (outcome["merge_id"], "merged")


async def test_both_streams_say_it_once(world: World) -> None:
    survivor, merged = await world.account(), await world.account(name="Other")
    before = len(await world.service.published())
    outcome = await merge(world, survivor, merged)
    await unmerge(world, outcome["merge_id"])
    said = (await world.service.published())[before:]
    kinds = ["customer.account.merged.v1"] * 2 + ["customer.account.unmerged.v1"] * 2
    assert [event.type for event in said] == kinds
    assert {event.key for event in said[:2]} == {event.key for event in said[2:]} == {survivor["id"], merged["id"]}
    assert {event.payload["merge_id"] for event in said} == {outcome["merge_id"]}
    for pair in (said[:2], said[2:]):
        first, second = ({**event.payload, "account_id": "", "stream_key": ""} for event in pair)
        assert first == second


async def test_what_is_refused(world: World) -> None:
    one, other, third = [await world.account(name=name) for name in ("Ahoy", "Bravo", "Cobalt")]
    person = await world.account(kind="person", name="Li")
    assert await _refused(world, one["id"], merged_id=one["id"]) == (422, "merge-self")
    assert await _refused(world, one["id"], merged_id=person["id"]) == (422, "merge-kind-mismatch")
    assert await _refused(world, one["id"], merged_id=str(uuid4())) == (422, "unknown-reference")
    assert await _refused(world, str(uuid4()), merged_id=one["id"]) == (404, "account-not-found")
    assert await _refused(world, one["id"], merged_id=other["id"], fields={"owner_id": "merged"}) == (422, "invalid")
    await merge(world, one, other)
    assert await _refused(world, one["id"], merged_id=other["id"]) == (409, "account-merged")
    assert await _refused(world, third["id"], merged_id=other["id"]) == (409, "account-merged")
    assert await _refused(world, other["id"], merged_id=one["id"]) == (409, "account-merged")
    answer = await world.service.patch(f"/v1/accounts/{other['id']}", {"tags": ["x"]}, 2)
    assert (answer.status_code, answer.json()["code"]) == (409, "account-merged")
    await world.service.post(f"/v1/accounts/{third['id']}/archive")
    assert await _refused(world, third["id"], merged_id=one["id"]) == (409, "account-archived")
    await merge(world, one, third)


async def test_two_tax_ids_need_a_reason(world: World) -> None:
    one = await world.account(name="Ahoy", country="CN", tax_id=USCC)
    other = await world.account(name="Bravo", country="CN", tax_id=OTHER_USCC)
    body: dict[str, Any] = {"merged_id": other["id"]}
    assert await _refused(world, one["id"], **body) == (409, "merge-conflict")
    assert await _refused(world, one["id"], **body, accept_different_tax_id=True) == (409, "merge-conflict")
    outcome = await merge(
        world, one, other, accept_different_tax_id=True, reason="renamed", fields={"tax_id": "merged"}
    )
    assert (await _account(world, one["id"]))["tax_id"] == OTHER_USCC
    await unmerge(world, outcome["merge_id"])
    assert [(await _account(world, each["id"]))["tax_id"] for each in (one, other)] == [USCC, OTHER_USCC]
    await merge(world, one, other, accept_different_tax_id=True, reason="renamed")
    assert (await _account(world, one["id"]))["tax_id"] == USCC
    abroad = await world.account(name="Cobalt", country="DE", region="DE-BE")
    answer = await world.service.post(
        f"/v1/accounts/{one['id']}/merge", {"merged_id": abroad["id"], "fields": {"region": "merged"}}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "merge-countries-differ")
    assert answer.json()["errors"][0]["pointer"] == "/fields/region"


async def test_a_tax_id_that_another_took_is_not_given_back(world: World) -> None:
    one, other = await world.account(name="Ahoy"), await world.account(name="Bravo", country="CN", tax_id=USCC)
    outcome = await merge(world, one, other)
    answer = await world.service.patch(f"/v1/accounts/{one['id']}", {"tax_id": None}, 2)
    assert answer.status_code == 200, answer.text
    third = await world.account(name="Cobalt", country="CN", tax_id=USCC)
    for dry_run in (True, False):
        answer = await world.service.post(f"/v1/merges/{outcome['merge_id']}/unmerge", {"dry_run": dry_run})
        assert (answer.status_code, answer.json()["code"]) == (409, "unmerge-conflict")
        assert answer.json()["account_id"] == third["id"]
    await world.service.patch(f"/v1/accounts/{third['id']}", {"tax_id": None}, 1)
    assert (await unmerge(world, outcome["merge_id"]))["kept"] == ["tax_id"]
    assert (await _account(world, other["id"]))["tax_id"] == USCC
    answer = await world.service.post(f"/v1/merges/{outcome['merge_id']}/unmerge", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "merge-state")


async def test_a_dry_run_says_all_and_does_nothing(world: World) -> None:
    survivor, merged = (
        await world.account(),
        await world.account(name="Other", owner_id=str(REP_2), phone="13800138000"),
    )
    await world.placed(merged)
    await world.service.post("/v1/contacts", {"account_id": merged["id"], "name": "Li"})
    before, said = await rows_left(world), len(await world.service.published())
    outcome = await merge(world, survivor, merged, dry_run=True)
    assert (outcome["merge_id"], outcome["losing_sight"]) == (None, [str(REP_2)])
    assert outcome["children"] == {
        "orders": 1, "payments": 0, "contacts": 1, "opportunities": 0, "activities": 0, "cases": 0,
    }  # fmt: skip
    assert [one["field"] for one in outcome["fields"]] == ["phone"]
    assert (await rows_left(world), len(await world.service.published())) == (before, said)
    done = await merge(world, survivor, merged)
    undone = await unmerge(world, done["merge_id"], dry_run=True)
    assert (undone["fields"][0]["survivor_after"], undone["losing_sight"]) == (None, [str(REP_1)])
    assert (await world.service.get(f"/v1/accounts/{merged['id']}")).status_code == 307


_UNTOLD = {
    "account": {"version", "updated_at"},
    "duplicate_candidate": {"version", "updated_at", "basis"},
}
_LEFT_OUT = {"account_merge", "account_fact", "audit_log", "outbox", "idempotency_key", "job", "data_key"}
"""Journal, history and what was sent; a person's key, once made, stays."""


async def rows_left(world: World) -> dict[str, list[dict[str, Any]]]:
    """Every row of the service but journal, history, audit; without versions and times of accounts."""
    await settle(world)
    tables = await world.service.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY table_name"
    )
    found = {}
    for (table,) in (tuple(row.values()) for row in tables):
        if table in _LEFT_OUT:
            continue
        rows = await world.service.rows(f'SELECT to_jsonb(t)::text AS row FROM "{table}" t ORDER BY 1')
        left = _UNTOLD.get(table, set())
        plain = [{k: v for k, v in orjson.loads(row["row"]).items() if k not in left} for row in rows]
        found[table] = sorted(plain, key=str)
    return found


@pytest.mark.parametrize("kind", ["organization", "person"])
async def test_merge_then_unmerge_leaves_every_row_as_it_was(world: World, kind: str) -> None:
    tax = {"country": "CN", "tax_id": USCC} if kind == "organization" else {}
    survivor = await world.account(kind=kind, name="Blue Harbour Trading", tags=["a"])
    merged = await world.account(
        kind=kind, name="Blue Harbor Trading", phone="13800138000", tags=["b"], local_name="蓝港", **tax
    )
    for account in (survivor, merged):
        order = await world.placed(account)
        await world.service.post("/v1/contacts", {"account_id": account["id"], "name": "Li"})
        await world.service.post(f"/v1/orders/{order['id']}/cancel", {"reason": "changed_mind"})
    before = await rows_left(world)
    outcome = await merge(world, survivor, merged, fields={"name": "merged"})
    during = await rows_left(world)
    assert during["account"] != before["account"]
    assert during["orders"] == before["orders"]
    assert (await unmerge(world, outcome["merge_id"]))["kept"] == []
    after = await rows_left(world)
    assert {name for name in before if before[name] != after[name]} == set()


async def test_what_changed_since_is_kept_and_named(world: World) -> None:
    survivor, merged = await world.account(tags=["a"]), await world.account(name="Other", tags=["b"], local_name="蓝港")
    outcome = await merge(world, survivor, merged)
    answer = await world.service.patch(f"/v1/accounts/{survivor['id']}", {"tags": ["z"]}, 2)
    assert answer.status_code == 200, answer.text
    assert (await unmerge(world, outcome["merge_id"]))["kept"] == ["tags"]
    after = await _account(world, survivor["id"])
    assert (after["tags"], after["local_name"]) == (["z"], None)
    assert (await world.service.get(f"/v1/merges/{outcome['merge_id']}")).json()["kept"] == ["tags"]


async def test_an_empty_value_never_beats_a_filled_one(world: World) -> None:
    survivor, merged = await world.account(phone="13800138000"), await world.account(name="Other")
    outcome = await merge(world, survivor, merged, fields={"phone": "merged", "region": "merged"})
    assert outcome["fields"] == []


async def test_what_is_written_to_a_merged_account_is_filed_there(world: World) -> None:
    survivor = await world.account(country="CN")
    merged = await world.account(name="Other", country="CN", tax_id=USCC, external_ids={"erp": "C-2"})
    outcome = await merge(world, survivor, merged)
    row = {"kind": "organization", "name": "Other one", "country": "CN", "tax_id": USCC, "external_ids": {"erp": "C-2"}}
    answer = await world.service.post("/v1/accounts/batch", {"rows": [row]})
    assert answer.json()["results"][0]["status"] == "updated", answer.text
    order = await world.service.post("/v1/orders", world.order_body() | {"account_ref": {"source": "erp", "id": "C-2"}})
    assert order.status_code == 201, order.text
    assert (await _account(world, survivor["id"]))["name"] == survivor["name"]
    await unmerge(world, outcome["merge_id"])
    after = await _account(world, merged["id"])
    assert (after["name"], after["tax_id"], after["external_ids"]) == ("Other one", USCC, {"erp": "C-2"})
    (filed,) = await world.service.rows("SELECT account_id FROM orders")
    assert str(filed["account_id"]) == merged["id"]


async def test_whoever_sees_the_root_sees_where_it_leads(world: World) -> None:
    survivor = await world.account(owner_id=str(REP_1))
    merged = await world.account(name="Other", owner_id=str(OTHER_REP))
    outcome = await merge(world, survivor, merged)
    path = f"/v1/accounts/{merged['id']}"
    own = await world.service.get(path, headers=world.service.headers("rep-1", "sales_rep"))
    other = await world.service.get(path, headers=world.service.headers("rep-3", "sales_rep"))
    assert (own.status_code, other.status_code) == (307, 404)
    path = f"/v1/merges/{outcome['merge_id']}"
    own = await world.service.get(path, headers=world.service.headers("rep-1", "sales_rep"))
    other = await world.service.get(path, headers=world.service.headers("rep-3", "sales_rep"))
    assert (own.status_code, other.status_code) == (200, 404)


async def test_two_at_once_merge_once(world: World) -> None:
    accounts = [await world.account(name=name) for name in ("Ahoy", "Bravo", "Cobalt")]
    pairs = [(0, 1), (1, 0), (2, 1), (1, 2), (0, 2), (2, 0)]
    answers = await asyncio.gather(
        *(
            world.service.post(f"/v1/accounts/{accounts[first]['id']}/merge", {"merged_id": accounts[second]["id"]})
            for first, second in pairs
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409, 409, 409]
    rows = await world.service.rows("SELECT id, root_id FROM account")
    roots = {row["root_id"] or row["id"] for row in rows}
    assert len(roots) == 1


async def test_a_merged_account_is_no_candidate(world: World) -> None:
    survivor, merged = await world.account(), await world.account()
    await settle(world)
    assert len((await world.service.get("/v1/duplicate-candidates")).json()["items"]) == 1
    outcome = await merge(world, survivor, merged)
    await settle(world)
    assert (await world.service.get("/v1/duplicate-candidates")).json()["items"] == []
    assert (await world.service.get(f"/v1/accounts/{survivor['id']}/duplicates")).json()["items"] == []
    await unmerge(world, outcome["merge_id"])
    await settle(world)
    assert len((await world.service.get("/v1/duplicate-candidates")).json()["items"]) == 1


async def test_a_persons_values_stay_here(world: World) -> None:
    one = await world.account(kind="person", name="Zhang")
    other = await world.account(kind="person", name="Chang", phone="13800138000", address="1 Harbour Road")
    outcome = await merge(world, one, other)
    assert {each["field"]: each["survivor_after"] for each in outcome["fields"]} == {
        "phone": None,
        "address": None,
    }
    after = await _account(world, one["id"])
    assert (after["phone"], after["address"]) == ("+8613800138000", "1 Harbour Road")
    for table in ("account_merge", "account_fact", "outbox", "audit_log"):
        rows = await world.service.rows(f"SELECT row_to_json(t)::text AS row FROM {table} t")
        assert not any("13800138000" in row["row"] or "Harbour Road" in row["row"] for row in rows)
    await unmerge(world, outcome["merge_id"])
    assert (await _account(world, one["id"]))["phone"] is None
    assert (await _account(world, other["id"]))["phone"] == "+8613800138000"


async def test_who_may_merge(world: World) -> None:
    one, other = await world.account(), await world.account(name="Other")
    for role, status in (("sales_rep", 403), ("auditor", 403), ("risk_officer", 403)):
        answer = await world.service.post(
            f"/v1/accounts/{one['id']}/merge",
            {"merged_id": other["id"]},
            headers=world.service.headers("rep-1", role),
        )
        assert answer.status_code == status
