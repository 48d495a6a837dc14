"""Files of accounts: what is created, found again, refused and told."""

from __future__ import annotations

from typing import Any

import pytest

from services.customer.imports.rules import MAX_PART
from tests.customer.conftest import MANAGER, REP_1, REP_2, World, work_off
from tests.customer.imports.files import (
    PATH,
    counts,
    errors_of,
    imported,
    put,
    rows_of,
    sent,
    shown,
    started,
    text_of,
)

HEADER = ["编号", "名称", "省份", "员工", "备注"]
MAPPING = {"编号": "external_ids.legacy", "名称": "name", "省份": "region", "员工": "employees"}
START: dict[str, Any] = {
    "mapping": MAPPING,
    "constants": {"country": "CN"},
    "key": "编号",
    "options": {"source": "erp"},
}
ROWS = [["007", "上海博雅科技有限公司", "上海", "40", "第一行\n第二行"], ["008", "深圳辰光电子", "广东省", "", "x,y"]]


async def names(world: World) -> list[str]:
    return [row["name"] for row in await world.service.rows("SELECT name FROM account ORDER BY name")]


async def test_a_file_becomes_accounts_and_the_same_file_again_changes_nothing(world: World) -> None:
    run = await imported(world, "accounts", text_of(HEADER, *ROWS).encode("gb18030"), **START)
    assert (run["state"], run["encoding"], run["delimiter"], run["format"]) == ("succeeded", "gb18030", ",", "csv")
    assert counts(run) == (2, 0, 0, 0)
    assert run["columns"] == HEADER
    found = await rows_of(world, run)
    assert [(row["row_no"], row["outcome"], row["problems"]) for row in found] == [
        (2, "created", []),
        (3, "created", []),
    ]
    account = (await world.service.get(f"/v1/accounts/{found[0]['resource_id']}")).json()
    assert account["external_ids"] == {"erp": "007", "legacy": "007"}
    assert (account["name"], account["region"], account["employees"]) == ("上海博雅科技有限公司", "CN-SH", 40)
    await world.service.post(f"/v1/accounts/{account['id']}/transfer", {"owner_id": str(REP_2)})

    again = await imported(world, "accounts", text_of(HEADER, *ROWS), **START)
    assert counts(again) == (0, 0, 2, 0)
    moved = [["007", "博雅", "北京", "", ""], ["009", "新", "北京", "1", ""]]
    third = await imported(world, "accounts", text_of([*HEADER, "owner_id"], *([*row, str(REP_1)] for row in moved)),
        **{**START, "mapping": {**MAPPING, "owner_id": "owner_id"}})  # fmt: skip
    assert counts(third) == (1, 1, 0, 0)
    after = (await world.service.get(f"/v1/accounts/{account['id']}")).json()
    assert (after["name"], after["region"], after["employees"]) == ("博雅", "CN-BJ", 40), (
        "an empty cell changes nothing"
    )
    assert after["owner_id"] == str(REP_2), "an import again changes no owner"
    fourth = await imported(world, "accounts", text_of(HEADER, moved[0]),
        **{**START, "options": {"source": "erp", "empty": "clear"}})  # fmt: skip
    assert counts(fourth) == (0, 1, 0, 0)
    assert (await world.service.get(f"/v1/accounts/{account['id']}")).json()["employees"] is None

    said = await world.service.published("customer.import.finished.v1")
    assert [event.subject for event in said] == [one["id"] for one in (run, again, third, fourth)]


async def test_rows_without_a_key_are_known_by_their_file(world: World) -> None:
    data = text_of(["name", "country"], ["Blue Harbour", "CN"], ["Quay", "CN"])
    assert counts(await imported(world, "accounts", data)) == (2, 0, 0, 0)
    assert counts(await imported(world, "accounts", data)) == (0, 0, 2, 0)
    other = text_of(["name", "country"], ["Red Lantern", "CN"])
    assert counts(await imported(world, "accounts", other)) == (1, 0, 0, 0)
    assert await names(world) == ["Blue Harbour", "Quay", "Red Lantern"]


async def test_one_bad_row_stops_nothing_and_comes_back_with_its_reason(world: World) -> None:
    rows = [
        ["1", "Good", "CN", "=1+1"],
        ["2", "", "CN", "=2+5"],
        ["3", "Nowhere", "XX9", "+8613812345678"],
        ["1", "Twice", "CN", "@x"],
        ["4", "Fine", "CN", "'=kept"],
        ["5", "Wide", "CN", "", "more"],
        ["", "No key", "CN", ""],
        ["6", "Half", "CN", ""],
    ]
    data = "\n".join([text_of(["id", "name", "country", "website"], *rows), '"7,Open,CN'])
    run = await imported(world, "accounts", data, key="id")
    assert run["state"] == "succeeded"
    assert counts(run) == (3, 0, 0, 6)
    head, *lines = await errors_of(world, run)
    assert head == ["row", "column", "code", "reason", "id", "name", "country", "website"]
    assert [(line[0], line[1], line[2]) for line in lines] == [
        ("3", "name", "missing"),
        ("4", "country", "string-too-long"),
        ("5", "id", "duplicate-row"),
        ("7", "", "row-too-wide"),
        ("8", "id", "key-missing"),
        ("11", "", "row-broken"),
    ]
    assert lines[0][4:] == ["2", "", "CN", "'=2+5"]
    assert lines[1][7] == "+8613812345678"
    assert lines[2][7] == "'@x"
    found = await rows_of(world, run, "outcome=failed&code=duplicate-row")
    assert [row["row_no"] for row in found] == [5]
    assert found[0]["problems"][0]["column"] == "id"
    mended = text_of(head, *[[*line[:5], line[5] or "Named", "CN", *line[7:]] for line in lines[:2]])
    assert counts(await imported(world, "accounts", mended, key="id", options={"source": "mended"})) == (2, 0, 0, 0)
    websites = await world.service.rows("SELECT website FROM account WHERE name IN ('Named', 'Nowhere') ORDER BY name")
    assert [row["website"] for row in websites] == ["=2+5", "+8613812345678"]


async def test_what_a_row_may_is_what_its_importer_may(world: World) -> None:
    leader = world.service.headers("manager-north", "sales_manager")
    rows = [["A", str(REP_1)], ["B", str(MANAGER)], ["C", "01989f2e-0000-7000-8000-0000000000ff"]]
    run = await imported(world, "accounts", text_of(["name", "owner_id"], *rows), headers=leader)
    assert counts(run) == (2, 0, 0, 1)
    assert [row["problems"][0]["code"] for row in await rows_of(world, run, "outcome=failed")] == ["unknown-reference"]
    assert run["owner_id"] == str(MANAGER)
    for subject, role, status in (("rep-1", "sales_rep", 403), ("auditor", "auditor", 403)):
        headers = world.service.headers(subject, role)
        assert (await world.service.post(PATH, {"kind": "accounts"}, headers=headers)).status_code == status
    stranger = world.service.headers("rep-3", "sales_manager")
    for method, path in (("GET", ""), ("GET", "/rows"), ("GET", "/errors"), ("POST", "/cancel"), ("POST", "/revert")):
        answer = await world.service.request(method, f"{PATH}/{run['id']}{path}", headers=stranger)
        assert answer.status_code == 404, path
    assert (await world.service.get(PATH, headers=stranger)).json()["items"] == []
    assert len((await world.service.get(PATH, headers=leader)).json()["items"]) == 1


async def test_parts_may_come_twice_and_in_any_order(world: World) -> None:
    content = text_of(["name"], *[[f"Quay {number}"] for number in range(50)]).encode()
    run = (await world.service.post(PATH, {"kind": "accounts"})).json()
    parts = [content[:100], content[100:101], content[101:]]
    for number in (3, 1, 3):
        answer = await put(world, run, number, parts[number - 1])
        assert answer.status_code == 200
    version = answer.headers["etag"]
    assert (await started(world, run)).json()["code"] == "import-part-missing"
    assert (await put(world, run, 2, b"wrong")).status_code == 200
    again = await put(world, run, 2, parts[1])
    assert again.json() == {"import_id": run["id"], "part_no": 2, "size": 1, "file_size": len(content)}
    assert again.headers["etag"] != version
    assert (await put(world, run, 2, parts[1])).headers["etag"] == again.headers["etag"]
    assert (await started(world, run)).status_code == 200
    assert (await put(world, run, 4, b"x")).json()["code"] == "import-state"
    await work_off(world.service)
    assert counts(await shown(world, run)) == (50, 0, 0, 0)


async def test_what_is_no_file(world: World) -> None:
    run = (await world.service.post(PATH, {"kind": "accounts"})).json()
    assert (await started(world, run)).json()["code"] == "import-part-missing"
    assert (await put(world, run, 1, b"")).status_code == 422
    assert (await put(world, run, 1, bytes(MAX_PART + 1))).json()["code"] == "file-too-large"
    assert (await put(world, run, 0, b"x")).status_code == 422
    for data, body, code in (
        ("name".encode("utf-16"), {}, "encoding-unknown"),
        (b"title\nx", {}, "required-column"),
        (b"title\nx", {"mapping": {"name": "name"}}, "column-unknown"),
        (b"name\nx", {"mapping": {"name": "grade"}}, "field-unknown"),
        (b"name\nx", {"constants": {"grade": "A"}}, "field-unknown"),
        (b"name\nx", {"key": "id"}, "column-unknown"),
        (b"name,name\nx,y", {}, "column-unknown"),
        (b"\n", {}, "column-unknown"),
        (b'"name\nx', {}, "row-too-wide"),
        (b"name\nx", {"more": 1}, "invalid"),
    ):
        await put(world, run, 1, data)
        answer = await started(world, run, **body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), data
    late = b"name\n" + b"x" * 2**20 + b"\n\xff\n"
    failed = await imported(world, "accounts", late)
    assert (failed["state"], failed["problem"], failed["rows_total"]) == ("failed", "encoding-unknown", None)


async def test_a_trial_writes_nothing_and_can_be_started_for_good(world: World) -> None:
    data = text_of(["id", "name", "country"], ["1", "Quay", "CN"], ["2", "Bad", "C"])
    run = await imported(world, "accounts", data, key="id", dry_run=True)
    assert (run["state"], run["dry_run"]) == ("succeeded", True)
    assert counts(run) == (1, 0, 0, 1)
    assert await names(world) == []
    assert await world.service.published("customer.account.created.v1") == []
    assert (await rows_of(world, run))[0]["resource_id"] is None
    assert (await world.service.post(f"{PATH}/{run['id']}/revert")).json()["code"] == "import-dry-run"
    assert (await started(world, run, key="id")).status_code == 200
    await work_off(world.service)
    assert counts(await shown(world, run)) == (1, 0, 0, 1)
    assert await names(world) == ["Quay"]
    assert (await started(world, run, key="id")).json()["code"] == "import-state"


@pytest.mark.parametrize("kind", ["payments", "orders"])
async def test_each_kind_asks_for_its_own_permission(world: World, kind: str) -> None:
    data = text_of(["account", "currency", "amount", "method", "sku", "quantity", "unit_price"])
    headers = world.service.headers("x", "sales_manager")
    run = await sent(world, kind, data, headers=headers)
    assert (await started(world, run, headers)).status_code == 200
    assert (await world.service.post(f"{PATH}/{run['id']}/cancel", headers=headers)).json()["state"] == "cancelled"
    await work_off(world.service)
    assert (await shown(world, run))["state"] == "cancelled"
