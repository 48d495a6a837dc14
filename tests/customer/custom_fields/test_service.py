"""Custom fields over HTTP: what is kept, in one row and in batches; what is refused; what is limited."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.testing.service import codes
from tests.customer.conftest import work_off
from tests.customer.custom_fields.conftest import TYPES, Customs

VALUES = {key: value for key, (_, value) in TYPES.items()}


async def kept(customs: Customs) -> set[tuple[str, str]]:
    """Keys and rows of the values that are kept apart."""
    sql = "SELECT f.key, v.row_id FROM custom_value v JOIN custom_field f ON f.id = v.field_id"
    return {(row["key"], str(row["row_id"])) for row in await customs.service.rows(sql)}


async def test_an_account_keeps_values_of_each_type_exactly(customs: Customs) -> None:
    await customs.every_type()
    made = await customs.account(**VALUES)
    read = (await customs.service.get(f"/v1/accounts/{made['id']}")).json()
    listed = (await customs.service.get("/v1/accounts")).json()["items"][0]
    assert made["custom"] == read["custom"] == listed["custom"] == VALUES
    changed = await customs.put(made, seats=1, note=None, uses=["office", "lab"])
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    rest = {key: value for key, value in VALUES.items() if key != "note"}
    assert changed.json()["custom"] == {**rest, "seats": 1, "uses": ["lab", "office"]}
    same = await customs.put(made, seats=1, rate=VALUES["rate"])
    assert same.json()["version"] == 2
    assert await kept(customs) == {(key, made["id"]) for key in rest}
    untouched = await customs.service.patch(f"/v1/accounts/{made['id']}", {"region": "CN-BJ"}, 2)
    assert untouched.json()["custom"] == changed.json()["custom"]


async def test_a_contact_has_fields_of_its_own(customs: Customs) -> None:
    await customs.every_type("contact")
    account = await customs.world.account()
    body = {"account_id": account["id"], "name": "Zhang Wei"}
    made = await customs.service.post("/v1/contacts", {**body, "custom": VALUES})
    assert (made.status_code, made.json()["custom"]) == (201, VALUES)
    path = f"/v1/contacts/{made.json()['id']}"
    changed = await customs.service.patch(path, {"custom": {"vip": True, "note": None}}, 1)
    assert (changed.json()["custom"]["vip"], "note" in changed.json()["custom"]) == (True, False)
    assert (await customs.service.get(path)).json()["custom"] == changed.json()["custom"]
    assert await customs.names("custom.vip=true&custom.rate[gt]=12345678901234567890", "/v1/contacts") == ["Zhang Wei"]
    assert await customs.names("custom.vip=false", "/v1/contacts") == []
    refused = await customs.service.post("/v1/accounts", {"kind": "organization", "name": "X", "custom": {"vip": True}})
    assert (refused.status_code, codes(refused.json())) == (422, ["/custom/vip"])


async def test_rows_of_a_batch_are_judged_one_by_one(customs: Customs) -> None:
    await customs.field("tier", type="enum", options=["gold", "silver"], required=True)
    rows: list[dict[str, Any]] = [
        {"kind": "organization", "name": f"Port {n}", "external_ids": {"erp": f"C-{n}"}} for n in range(4)
    ]
    rows[0]["custom"] = {"tier": "gold"}
    rows[1]["custom"] = {"tier": "lead"}
    rows[2]["custom"] = {}
    answer = (await customs.service.post("/v1/accounts/batch", {"rows": rows})).json()
    found = [(one["status"], codes(one["problem"]) if one["problem"] else []) for one in answer["results"]]
    assert found == [
        ("created", []),
        ("problem", ["/rows/1/custom/tier"]),
        ("problem", ["/rows/2/custom/tier"]),
        ("created", []),
    ]
    rows = [{**rows[0], "custom": {"tier": "silver"}}, {**rows[3], "region": "CN-BJ"}]
    again = (await customs.service.post("/v1/accounts/batch", {"rows": rows})).json()
    assert [one["status"] for one in again["results"]] == ["updated", "updated"]
    assert await customs.names("custom.tier=silver") == ["Port 0"]
    assert await customs.names("custom.tier=gold") == []
    same = (await customs.service.post("/v1/accounts/batch", {"rows": rows})).json()
    assert same["unchanged"] == 2


async def test_contacts_of_a_batch(customs: Customs) -> None:
    await customs.field("shift", "contact", type="int")
    account = await customs.world.account()
    row = {"account_id": account["id"], "name": "Li", "external_ids": {"erp": "K-1"}}
    for shift, status in ((3, "created"), (3, "unchanged"), (4, "updated"), ("x", "problem")):
        answer = await customs.service.post("/v1/contacts/batch", {"rows": [{**row, "custom": {"shift": shift}}]})
        assert answer.json()["results"][0]["status"] == status
    assert await customs.names("custom.shift=4", "/v1/contacts") == ["Li"]
    assert await customs.names("custom.shift=3", "/v1/contacts") == []


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b'{"custom": {"seats": 1e400}}', None),
        (b'{"custom": {"seats": NaN}}', None),
        (b'{"custom": {"seats": 123456789012345678901234567890}}', "/custom/seats"),
        (b'{"custom": {"seats": 18446744073709551615}}', "/custom/seats"),
        (b'{"custom": {"seats": 1.0}}', "/custom/seats"),
        (b'{"custom": {"note": "a\\u0000b"}}', "/custom/note"),
        (b'{"custom": {"note": "a\\ud800b"}}', None),
        (b'{"custom": {"tier": "a\\u0000"}}', "/custom/tier"),
        (b'{"custom": {"note": ' + b"[" * 500 + b"]" * 500 + b"}}", "/custom/note"),
        (b'{"custom": {"note": ' + b"[" * 5000 + b"]" * 5000 + b"}}", None),
        (b'{"custom": {"budget": {"amount": 1, "currency": "\\u0000"}}}', "/custom/budget"),
        (b'{"custom": {"No Key": 1}}', "/custom/No Key/[key]"),
        (b'{"custom": {"a\\u0000": 1}}', None),
        (b'{"custom": null}', "/custom"),
        (b'{"custom": [1]}', "/custom"),
        (b'{"custom": {"missing": 1}}', "/custom/missing"),
    ],
)
async def test_hostile_values_are_the_callers_fault(customs: Customs, raw: bytes, pointer: str | None) -> None:
    await customs.every_type()
    made = await customs.world.account()
    headers = {**customs.service.headers(If_Match='"1"'), "Content-Type": "application/json"}
    path = f"/v1/accounts/{made['id']}"
    answer = await customs.service.client.patch(path, content=raw, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text
    if pointer is not None:
        assert pointer in codes(answer.json()), answer.text
    assert (await customs.service.get(path)).json()["version"] == 1


async def test_required_binds_writes_that_touch_custom(customs: Customs) -> None:
    made = await customs.world.account()
    await customs.field("note", required=True)
    await customs.field("seats", type="int")
    path = f"/v1/accounts/{made['id']}"
    assert (await customs.service.patch(path, {"region": "CN-BJ"}, 1)).status_code == 200
    refused = await customs.put(made, seats=1)
    assert (refused.status_code, refused.json()["code"], codes(refused.json())) == (
        422,
        "custom-invalid",
        ["/custom/note"],
    )
    assert (await customs.put(made, seats=1, note="x")).status_code == 200
    assert (await customs.put(made, note=None)).status_code == 422
    assert (await customs.world.account(name="Without"))["custom"] == {}


async def test_a_withdrawn_option_stays_on_old_rows(customs: Customs) -> None:
    field = await customs.field("tier", type="enum", options=["gold", "silver"])
    old = await customs.account("Old", tier="gold")
    answer = await customs.change(field, options=["silver", "bronze"])
    assert answer.json()["options"] == [
        {"value": "silver", "is_withdrawn": False},
        {"value": "bronze", "is_withdrawn": False},
        {"value": "gold", "is_withdrawn": True},
    ]
    assert (await customs.put(old, tier="gold")).json()["custom"] == {"tier": "gold"}
    assert await customs.names("custom.tier=gold") == ["Old"]
    new = await customs.account("New", tier="bronze")
    assert codes((await customs.put(new, tier="gold")).json()) == ["/custom/tier"]
    await customs.change(field, options=["gold"])
    assert (await customs.put(new, tier="gold")).status_code == 200


async def test_type_and_key_never_change_and_are_never_given_again(customs: Customs) -> None:
    field = await customs.field("tier")
    for change in ({"type": "int"}, {"key": "other"}, {"resource": "contact"}):
        assert (await customs.change(field, **change)).status_code == 422
    taken = await customs.ask("tier", type="int")
    assert (taken.status_code, taken.json()["code"]) == (409, "custom-field-key-taken")
    await customs.archive(field)
    assert (await customs.ask("tier")).status_code == 409
    assert (await customs.ask("tier", "contact")).status_code == 201
    for key in ("", "Tier", "1st", "a.b", "a-b", "x" * 64, "ключ"):
        assert codes((await customs.ask(key)).json()) == ["/key"]
    for more in ({"type": "enum"}, {"options": ["a"]}, {"type": "enum", "options": ["a", "a"]}):
        answer = await customs.ask("other", **more)
        assert (answer.status_code, answer.json()["code"]) == (422, "custom-options")


async def test_archived_and_restored(customs: Customs) -> None:
    field = await customs.field("note", required=True)
    made = await customs.account(note="a")
    archived = await customs.archive(field)
    assert (archived.json()["is_archived"], archived.json()["is_filterable"]) == (True, False)
    assert (await customs.archive(field)).json()["code"] == "custom-field-archived"
    assert (await customs.change(field, required=False)).json()["code"] == "custom-field-archived"
    assert (await customs.service.get(f"/v1/accounts/{made['id']}")).json()["custom"] == {"note": "a"}
    assert codes((await customs.put(made, note="b")).json()) == ["/custom/note"]
    refused = await customs.service.get("/v1/accounts?custom.note=a")
    assert (refused.status_code, codes(refused.json())) == (400, ["custom.note"])
    assert (await customs.put(made, note=None)).json()["custom"] == {}
    restored = await customs.service.post(f"/v1/custom-fields/{field['id']}/restore")
    assert (restored.status_code, restored.json()["is_filterable"]) == (200, True)
    assert await customs.names("custom.note=a") == []
    assert (await customs.put(made, note="b")).status_code == 200
    assert await customs.names("custom.note=b") == ["Blue Harbour"]


async def test_limits_of_a_resource(customs: Customs) -> None:
    fields = [await customs.field(f"i{n}") for n in range(20)]
    full = await customs.ask("more")
    assert (full.status_code, full.json()["code"], codes(full.json())) == (409, "custom-field-limit", ["/indexed"])
    plain = await customs.field("plain", indexed=False)
    assert (await customs.change(plain, indexed=True)).json()["code"] == "custom-field-limit"
    await customs.archive(fields[0])
    assert (await customs.change(plain, indexed=True)).status_code == 200
    back = await customs.service.post(f"/v1/custom-fields/{fields[0]['id']}/restore")
    assert back.json()["code"] == "custom-field-limit"
    async with customs.service.transaction() as tx:
        await tx.execute(
            "INSERT INTO custom_field (id, resource, key, type, required, options, indexed, index_no, created_by) "
            "SELECT uuidv7(), 'account', 'f' || n, 'text', false, '[]', false, 0, 'x' FROM generate_series(1, 179) n"
        )
    answers = await asyncio.gather(*(customs.ask(f"last{n}", indexed=False) for n in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_two_fields_of_a_key_at_once(customs: Customs) -> None:
    answers = await asyncio.gather(*(customs.ask("tier") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_field_that_is_indexed_later_finds_what_was_there(customs: Customs) -> None:
    field = await customs.field("uses", type="multi_enum", options=["lab", "shop"], indexed=False)
    old = await customs.account("Old", uses=["lab", "shop"])
    await customs.account("Gone", uses=["shop"])
    unindexed = await customs.service.get("/v1/accounts?custom.uses=lab")
    assert (unindexed.status_code, codes(unindexed.json())) == (400, ["custom.uses"])
    turned = await customs.change(field, indexed=True)
    assert (turned.json()["indexed"], turned.json()["is_filterable"]) == (True, False)
    assert (await customs.service.get("/v1/accounts?custom.uses=lab")).status_code == 400
    new = await customs.account("New", uses=["lab"])
    await customs.put(old, uses=["lab"])
    (job,) = await work_off(customs.service)
    assert (job["state"], job["kind"]) == ("succeeded", "custom-fields.index")
    assert await customs.names("custom.uses=lab") == ["New", "Old"]
    assert await customs.names("custom.uses=shop") == ["Gone"]
    await customs.change(field, indexed=False)
    await customs.put(new, uses=["shop"])
    await work_off(customs.service)
    assert await kept(customs) == set()
    await customs.change(field, indexed=True)
    await customs.change(field, indexed=False)
    await customs.change(field, indexed=True)
    await work_off(customs.service)
    assert await customs.names("custom.uses=shop") == ["Gone", "New"]
    path = f"/v1/custom-fields/{field['id']}"
    assert (await customs.service.get(path)).json()["is_filterable"] is True


async def test_values_written_while_a_field_is_being_indexed(customs: Customs) -> None:
    field = await customs.field("seats", type="int", indexed=False)
    made = [await customs.account(f"Port {n}", seats=0) for n in range(6)]
    turn = asyncio.create_task(customs.change(field, indexed=True))
    answers = await asyncio.gather(*(customs.put(one, seats=n) for n, one in enumerate(made)))
    await turn
    assert {answer.status_code for answer in answers} == {200}
    await work_off(customs.service)
    assert await customs.names("custom.seats[gte]=0") == [f"Port {n}" for n in range(6)]
    assert await customs.names("custom.seats[gte]=3") == ["Port 3", "Port 4", "Port 5"]


async def test_a_merge_leaves_custom_values_where_they_are(customs: Customs) -> None:
    await customs.field("tier")
    await customs.field("note", indexed=False)
    survivor, merged = await customs.account("Survivor", tier="a"), await customs.account("Merged", tier="b", note="n")
    rows = "SELECT * FROM custom_value ORDER BY field_id, row_id"
    before = await customs.service.rows(rows)
    path = f"/v1/accounts/{survivor['id']}"
    merge = await customs.service.post(f"{path}/merge", {"merged_id": merged["id"]})
    assert merge.status_code == 201, merge.text
    assert (await customs.service.get(path)).json()["custom"] == {"tier": "a"}
    assert await customs.names("custom.tier[in]=a,b") == ["Survivor"]
    refused = await customs.service.patch(f"/v1/accounts/{merged['id']}", {"custom": {"tier": "c"}}, 2)
    assert refused.json()["code"] == "account-merged"
    back = await customs.service.post(f"/v1/merges/{merge.json()['merge_id']}/unmerge", {})
    assert back.status_code == 200, back.text
    read = (await customs.service.get(f"/v1/accounts/{merged['id']}")).json()
    assert (read["custom"], await customs.service.rows(rows)) == ({"tier": "b", "note": "n"}, before)
    assert await customs.names("custom.tier[in]=a,b") == ["Merged", "Survivor"]


async def test_what_is_known_of_a_person_is_in_no_history_and_in_no_event(customs: Customs) -> None:
    await customs.field("note")
    person = {"kind": "person", "name": "Li Na", "custom": {"note": "likes tea"}}
    made = (await customs.service.post("/v1/accounts", person)).json()
    facts = await customs.service.get(f"/v1/accounts/{made['id']}/facts")
    assert "custom" in facts.json()["items"][0]["fields"]
    assert "tea" not in facts.text
    await customs.put(made, note="likes coffee")
    events = [event for event in await customs.service.published() if event.type.startswith("customer.account")]
    assert events[-1].payload["changed"] == ["custom"]
    assert not any(b"likes" in event.data for event in events)


async def test_who_may(customs: Customs) -> None:
    field = await customs.field("note")
    body = {"resource": "account", "key": "other", "type": "text"}
    for role in ("sales_rep", "sales_manager", "auditor", "service_agent"):
        headers = customs.service.headers("x", role)
        assert (await customs.service.post("/v1/custom-fields", body, headers=headers)).status_code == 403
        assert (await customs.service.get("/v1/custom-fields", headers=headers)).status_code == 200
        archive = f"/v1/custom-fields/{field['id']}/archive"
        assert (await customs.service.post(archive, headers=headers)).status_code == 403
    director = customs.service.headers("x", "sales_director")
    assert (await customs.service.post("/v1/custom-fields", body, headers=director)).status_code == 201
