"""Lists and saved filters ask for custom fields: typed operators, exact comparisons, a fast way; fields in use stay."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from kit.db.lists import fetch_page, parse_query
from kit.testing.service import codes
from kit.work import system_work
from services.customer.accounts.lists import ACCOUNTS
from services.customer.custom_fields.enums import CustomResource
from services.customer.custom_fields.service import filtered
from tests.customer.conftest import REP_1, work_off
from tests.customer.custom_fields.conftest import Customs
from tests.kit.db.test_list_plans import Explained

ROWS: dict[str, dict[str, Any]] = {
    "A": {
        "note": "apple",
        "seats": -5,
        "rate": "0.000000000000000001",
        "budget": {"amount": 100, "currency": "CNY"},
        "since": "2024-02-29",
        "vip": True,
        "tier": "gold",
        "uses": ["lab", "shop"],
    },
    "B": {
        "note": "Apple, red",
        "seats": 9007199254740993,
        "rate": "0.000000000000000002",
        "budget": {"amount": 100, "currency": "USD"},
        "since": "2024-03-01",
        "vip": False,
        "tier": "silver",
        "uses": ["office"],
    },
    "C": {"note": "pear", "seats": 9007199254740992, "rate": "-3", "budget": {"amount": 250, "currency": "CNY"}},
    "D": {},
}


@pytest.fixture
async def rows(customs: Customs) -> Customs:
    """Four accounts, one of them without values."""
    await customs.every_type()
    for name, custom in ROWS.items():
        await customs.account(name, **custom)
    return customs


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("custom.note=apple", "A"),
        ("custom.note[ne]=apple", "BCD"),
        ('custom.note[in]="Apple, red",pear', "BC"),
        ("custom.note[gte]=apple", "AC"),
        ("custom.note[lt]=apple", "B"),
        ("custom.note[null]=true", "D"),
        ("custom.note[null]=false", "ABC"),
        ("custom.seats=9007199254740993", "B"),
        ("custom.seats[ne]=9007199254740993", "ACD"),
        ("custom.seats[gt]=9007199254740992", "B"),
        ("custom.seats[lt]=0", "A"),
        ("custom.seats[in]=-5,9007199254740992", "AC"),
        ("custom.rate=0.0000000000000000010", "malformed"),
        ("custom.rate=0.000000000000000001", "A"),
        ("custom.rate[gt]=0.000000000000000001", "B"),
        ("custom.rate[lte]=0", "C"),
        ("custom.budget=CNY:100", "A"),
        ("custom.budget[gte]=CNY:100", "AC"),
        ("custom.budget[gt]=CNY:-1&custom.budget[lt]=CNY:200", "A"),
        ("custom.budget[in]=CNY:250,USD:100", "BC"),
        ("custom.budget[ne]=CNY:100", "BCD"),
        ("custom.since[gt]=2024-02-29", "B"),
        ("custom.since=2024-02-29", "A"),
        ("custom.since[in]=2024-02-29,2024-03-01", "AB"),
        ("custom.vip=true", "A"),
        ("custom.vip[ne]=true", "BCD"),
        ("custom.tier=gold", "A"),
        ("custom.tier[in]=gold,silver", "AB"),
        ("custom.uses=shop", "A"),
        ("custom.uses[in]=office,lab", "AB"),
        ("custom.uses[ne]=lab", "BCD"),
        ("custom.uses[null]=true", "CD"),
        ("custom.tier=gold&custom.vip=true&region=CN-SH", "A"),
    ],
)
async def test_operators_are_those_of_the_type(rows: Customs, query: str, names: str) -> None:
    if names == "malformed":
        assert (await rows.service.get(f"/v1/accounts?{query}")).status_code == 400
        return
    assert await rows.names(query) == list(names)
    counted = await rows.service.get(f"/v1/accounts?{query}&count=exact")
    assert counted.json()["count"] == len(names)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("custom.missing=1", "custom.missing"),
        ("custom.plain=1", "custom.plain"),
        ("custom.seats=1.5", "custom.seats"),
        ("custom.seats=1e400", "custom.seats"),
        ("custom.seats[gte]=9223372036854775808", "custom.seats[gte]"),
        ("custom.rate=NaN", "custom.rate"),
        ("custom.rate[lt]=1e5", "custom.rate[lt]"),
        ("custom.budget=100", "custom.budget"),
        ("custom.budget=XXX:1", "custom.budget"),
        ("custom.budget=CNY:99999999999999", "custom.budget"),
        ("custom.budget[in]=CNY:1,2", "custom.budget[in]"),
        ("custom.since[lt]=2024-02-30", "custom.since[lt]"),
        ("custom.vip=yes", "custom.vip"),
        ("custom.vip[gt]=true", "custom.vip[gt]"),
        ("custom.tier=lead", "custom.tier"),
        ("custom.tier[gte]=gold", "custom.tier[gte]"),
        ("custom.note=a%00b", "custom.note"),
        ("custom.note[like]=a", "custom.note[like]"),
        ("custom.note=a&custom.note=b", "custom.note"),
        ("custom.=1", "custom."),
        ("custom.%00=1", "custom.\x00"),
        ("custom.note%00[gt]=1", "custom.note\x00[gt]"),
        ("custom=1", "custom"),
        ("custom.note.more=1", "custom.note.more"),
        ("sort=custom.note", "sort"),
        ("fields=custom.note", "fields"),
    ],
)
async def test_what_is_no_filter_is_named(customs: Customs, query: str, pointer: str) -> None:
    await customs.every_type()
    await customs.field("plain", indexed=False)
    answer = await customs.service.get(f"/v1/accounts?{query}")
    assert (answer.status_code, codes(answer.json())) == (400, [pointer])


async def test_long_texts_are_compared_as_they_are(customs: Customs) -> None:
    await customs.field("note")
    short, long = "柏" * 500, "柏" * 4_000
    await customs.account("Short", note=short)
    await customs.account("Long", note=long)
    assert await customs.names(f"custom.note={short}") == ["Short"]
    assert await customs.names(f"custom.note[gt]={short}") == ["Long"]
    assert await customs.names(f"custom.note[gte]={short}") == ["Long", "Short"]
    assert (await customs.service.get(f"/v1/accounts?custom.note={'x' * 501}")).status_code == 400


async def test_pages_follow_each_other(customs: Customs) -> None:
    await customs.field("seats", type="int")
    for n in range(7):
        await customs.account(f"P{n}", seats=n % 2)
    path, seen = "/v1/accounts?custom.seats=1&sort=name&limit=2", []
    while path:
        answer = await customs.service.get(path)
        seen += [item["name"] for item in answer.json()["items"]]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    assert seen == ["P1", "P3", "P5"]


async def test_a_field_in_use_stays(customs: Customs) -> None:
    tier = await customs.field("tier", type="enum", options=["gold"])
    seats = await customs.field("seats", type="int")
    await customs.account("A", tier="gold", seats=5)
    segment = (await customs.segment("custom.tier=gold")).json()
    assert segment["size"] == 1
    refused = await customs.archive(tier)
    assert (refused.status_code, refused.json()["code"]) == (409, "field-in-use")
    assert refused.json()["used_by"] == [{"kind": "segment", "id": segment["id"]}]
    assert (await customs.change(tier, indexed=False)).json()["code"] == "field-in-use"
    path = f"/v1/segments/{segment['id']}"
    changed = await customs.service.patch(path, {"filter": "custom.seats[gte]=5"}, segment["version"])
    assert (changed.status_code, changed.json()["size"]) == (200, 1)
    assert (await customs.archive(tier)).status_code == 200
    assert (await customs.archive(seats)).json()["code"] == "field-in-use"
    assert (await customs.service.post(f"{path}/refresh")).json()["size"] == 1
    for text, pointer in (("custom.tier=gold", "custom.tier"), ("custom.none=1", "custom.none")):
        answer = await customs.segment(text)
        assert (answer.status_code, codes(answer.json())) == (422, [f"/filter/{pointer}"])


async def test_a_segment_of_contacts(customs: Customs) -> None:
    field = await customs.field("since", "contact", type="date")
    account = await customs.world.account()
    body = {"account_id": account["id"], "name": "Li", "custom": {"since": "2020-01-01"}}
    assert (await customs.service.post("/v1/contacts", body)).status_code == 201
    made = await customs.segment("custom.since[lt]=today-30d", "contact")
    assert (made.status_code, made.json()["size"]) == (201, 1)
    assert (await customs.archive(field)).json()["code"] == "field-in-use"


async def test_archived_and_asked_for_at_once(customs: Customs) -> None:
    """Either the segment is refused, or the archive is."""
    for n in range(4):
        field = await customs.field(f"f{n}")
        made, archived = await asyncio.gather(customs.segment(f"custom.f{n}=x"), customs.archive(field))
        assert (made.status_code, archived.status_code) in ((201, 409), (422, 200))


async def test_a_rule_set_asks_too(customs: Customs) -> None:
    field = await customs.field("seats", type="int")
    many, few = await customs.account("Many", seats=50), await customs.account("Few", seats=5)
    body = {"axis": "size", "rules": [{"label": "big", "filter": "custom.seats[gte]=10"}], "default": "small"}
    made = await customs.service.post("/v1/rule-sets", body)
    assert made.status_code == 201, made.text
    await customs.service.post(f"/v1/rule-sets/{made.json()['id']}/run", {})
    await work_off(customs.service)
    for account, label, known in ((many, "big", {"custom.seats": 50}), (few, "small", {})):
        (one,) = (await customs.service.get(f"/v1/accounts/{account['id']}/labels")).json()["items"]
        assert (one["label"], one["known"]) == (label, known)
    refused = await customs.archive(field)
    assert refused.json()["used_by"] == [{"kind": "rule-set", "id": made.json()["id"]}]


FILL = """
INSERT INTO account (id, stream_key, kind, name, owner_id, tags, created_at)
SELECT id, id, 'organization', 'Port ' || n, $1, '{}', timestamptz '2026-01-01' + n * interval '1 second'
FROM (SELECT uuidv7() AS id, n FROM generate_series(1, 20000) n) s
"""
VALUES = """
INSERT INTO custom_value (field_id, row_id, place, number_value)
SELECT $1, id, 0, row_number() OVER (ORDER BY id) % $2 FROM account
"""


async def test_a_list_is_read_by_an_index_whatever_it_asks_for(customs: Customs) -> None:
    """Of many rows with a value the first of the list are looked up; of few the values lead to the rows."""
    common = await customs.field("common", type="int")
    rare = await customs.field("rare", type="int")
    async with customs.service.transaction() as tx:
        await tx.execute(FILL, REP_1)
        await tx.execute(VALUES, common["id"], 4)
        await tx.execute(VALUES, rare["id"], 5_000)
        await tx.execute("ANALYZE account, custom_value")
    runtime = customs.service.runtime
    async with runtime.db.reading() as plain:
        tx = Explained(plain.connection)
        work = system_work(plain, "customer", runtime.settings)
        for name, value, size in (("common", "1", 50), ("rare", "7", 4), ("rare[gte]", "4999", 4), ("rare", "-1", 0)):
            params = [(f"custom.{name}", value)]
            spec = await filtered(work, CustomResource.ACCOUNT, ACCOUNTS, [f"custom.{name}"])
            query = parse_query(spec, params)
            page = await fetch_page(tx, spec, query, where="a.merged_into IS NULL", secret=b"secret")
            assert len(page.items) == size
            scans = {node["Relation Name"] for node in _nodes(orjson.loads(tx.plan)[0]["Plan"]) if _is_whole(node)}
            assert not scans & {"account", "custom_value"}, tx.plan
            assert tx.read < 1_500, (name, tx.read, tx.plan)


def _is_whole(node: dict[str, Any]) -> bool:
    return bool(node["Node Type"] == "Seq Scan")


def _nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(each for child in node.get("Plans", ()) for each in _nodes(child))]


async def test_the_same_fields_make_the_same_list(customs: Customs) -> None:
    """Lists keep their SQL: one made anew for each request would keep it forever."""
    await customs.every_type()
    runtime = customs.service.runtime
    async with runtime.db.reading() as tx:
        work = system_work(tx, "customer", runtime.settings)
        first, again, other = [
            await filtered(work, CustomResource.ACCOUNT, ACCOUNTS, names)
            for names in (["custom.seats", "custom.vip"], ["custom.vip[ne]", "custom.seats[gt]"], ["custom.vip"])
        ]
        assert first is again
        assert other is not first
        assert await filtered(work, CustomResource.ACCOUNT, ACCOUNTS, ["region"]) is ACCOUNTS
