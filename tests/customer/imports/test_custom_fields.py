"""Columns of a file that become custom fields: read by their types, named when they are wrong, set back."""

from __future__ import annotations

from typing import Any

import pytest

from services.customer.imports.cells import CellKind, CellRefused, read_cell
from services.customer.imports.enums import AmountUnit
from tests.customer.conftest import World
from tests.customer.imports.files import counts, errors_of, imported, reverted, rows_of, sent, started, text_of

FIELDS: dict[str, dict[str, Any]] = {
    "tier": {"type": "enum", "options": ["gold", "silver"], "indexed": True},
    "seats": {"type": "int"},
    "rate": {"type": "decimal"},
    "budget": {"type": "money"},
    "renewal": {"type": "date"},
    "is_key": {"type": "bool"},
    "lines": {"type": "multi_enum", "options": ["tea", "silk", "ink"]},
    "note": {"type": "text"},
}
HEADER = ["id", "name", *(f"custom.{key}" for key in FIELDS)]
FULL = ["1", "Quay", "gold", "1,200", "012.50", "CNY 12.50", "2026/3/1", "是", "silk;tea", "007"]
KNOWN: dict[str, Any] = {"key": "id", "options": {"source": "erp"}}
VALUES: dict[str, Any] = {
    "tier": "gold",
    "seats": 1200,
    "rate": "12.5",
    "budget": {"amount": 1250, "currency": "CNY"},
    "renewal": "2026-03-01",
    "is_key": True,
    "lines": ["tea", "silk"],
    "note": "007",
}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("JPY 12", CellKind.MONEY, {"currency": "JPY", "amount": 12}),
        ("CNY:-1,000.05", CellKind.MONEY, {"currency": "CNY", "amount": -100005}),
        ("FALSE", CellKind.BOOL, False),
        ("否", CellKind.BOOL, False),
        ("-0.30", CellKind.DECIMAL, "-0.30"),
    ],
)
def test_cells(text: str, kind: CellKind, value: Any) -> None:
    assert read_cell(text, kind, currency="", unit=AmountUnit.MAJOR) == value


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("12.50", CellKind.MONEY, "currency-unknown"),
        ("XXQ 12.50", CellKind.MONEY, "currency-unknown"),
        ("JPY 12.5", CellKind.MONEY, "amount-precision"),
        ("CNY twelve", CellKind.MONEY, "number-invalid"),
        ("perhaps", CellKind.BOOL, "answer-invalid"),
        ("1e3", CellKind.DECIMAL, "number-invalid"),
    ],
)
def test_cells_that_say_nothing(text: str, kind: CellKind, code: str) -> None:
    with pytest.raises(CellRefused) as refused:
        read_cell(text, kind, currency="", unit=AmountUnit.MAJOR)
    assert refused.value.code == code


async def defined(world: World, resource: str = "account") -> dict[str, str]:
    """The fields; their ids by key."""
    found = {}
    for key, more in FIELDS.items():
        answer = await world.service.post("/v1/custom-fields", {"resource": resource, "key": key, **more})
        assert answer.status_code == 201, answer.text
        found[key] = answer.json()["id"]
    return found


async def read(world: World, path: str) -> dict[str, Any]:
    answer = await world.service.get(f"/v1/{path}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_each_type_is_read_kept_and_found(world: World) -> None:
    await defined(world)
    run = await imported(world, "accounts", text_of(HEADER, FULL, ["2", "Lantern", *[""] * 8]), **KNOWN)
    assert counts(run) == (2, 0, 0, 0), await rows_of(world, run)
    first, second = [row["resource_id"] for row in await rows_of(world, run)]
    assert (await read(world, f"accounts/{first}"))["custom"] == VALUES
    assert (await read(world, f"accounts/{second}"))["custom"] == {}
    assert [one["id"] for one in (await read(world, "accounts?custom.tier=gold"))["items"]] == [first]
    again = await imported(world, "accounts", text_of(HEADER, FULL, ["2", "Lantern", *[""] * 8]), **KNOWN)
    assert counts(again) == (0, 0, 2, 0)
    mapping = {"No": "external_ids.erp", "Firm": "name", "Klasse": "custom.tier"}
    data = text_of(["No", "Firm", "Klasse"], ["1", "Quay", "silver"])
    mapped = await imported(
        world, "accounts", data, mapping=mapping, constants={"custom.seats": "7"}, **KNOWN | {"key": "No"}
    )
    assert counts(mapped) == (0, 1, 0, 0), await rows_of(world, mapped)
    changed = {"tier": "silver", "seats": 7}
    assert (await read(world, f"accounts/{first}"))["custom"] == VALUES | changed, "what a file lacks stays"


async def test_what_is_wrong_names_its_column(world: World) -> None:
    fields = await defined(world)
    bad = ["2", "Lantern", "lead", "many", "x", "12.5", "31/3", "maybe", "tea;wood", ""]
    late = ["3", "Pier", *[""] * 7, "x"]
    run = await sent(world, "accounts", text_of(HEADER, FULL, bad, late))
    answer = await started(world, run, mapping={"name": "name", "custom.note": "custom.nothing"})
    assert (answer.status_code, answer.json()["code"]) == (422, "field-unknown")
    await world.service.post(f"/v1/custom-fields/{fields['note']}/archive")
    run = await imported(world, "accounts", text_of(HEADER, [*FULL[:-1], ""], bad, late), **KNOWN)
    assert counts(run) == (1, 0, 0, 2)
    found = {(row[0], row[1]): row[2] for row in (await errors_of(world, run))[1:]}
    columns = "; ".join(f"custom.{key}" for key in ("seats", "rate", "budget", "renewal", "is_key"))
    codes = "number-invalid; currency-unknown; date-invalid; answer-invalid"
    assert found == {("3", columns): codes, ("4", "custom.note"): "custom-invalid"}
    only = [*bad[:3], *[""] * 5, "tea;wood", ""]
    run = await imported(world, "accounts", text_of(HEADER, only), **KNOWN)
    assert [row[1] for row in (await errors_of(world, run))[1:]] == ["custom.tier; custom.lines"]


async def test_values_are_cleared_and_set_back_one_by_one(world: World) -> None:
    await defined(world)
    first = await imported(world, "accounts", text_of(HEADER, [*FULL[:7], "", "", ""]), **KNOWN)
    (row,) = await rows_of(world, first)
    path = f"accounts/{row['resource_id']}"
    before = (await read(world, path))["custom"]
    data = text_of(HEADER, ["1", "Quay", "silver", "", "12.5", "CNY 12.50", "2026-03-01", "yes", "ink", "x"])
    options = {"source": "erp", "empty": "clear"}
    second = await imported(world, "accounts", data, key="id", options=options)
    assert counts(second) == (0, 1, 0, 0)
    after = (await read(world, path))["custom"]
    changed = {"tier": "silver", "is_key": True, "lines": ["ink"], "note": "x"}
    assert after == {key: value for key, value in before.items() if key != "seats"} | changed
    version = (await read(world, path))["version"]
    answer = await world.service.patch(f"/v1/{path}", {"custom": {"note": "mine"}}, version)
    assert answer.status_code == 200, answer.text
    back = await reverted(world, second)
    assert (back["state"], back["reverted"], back["kept"]) == ("reverted", 0, 1)
    assert (await read(world, path))["custom"] == {**before, "note": "mine"}, "what somebody changed since stays"


async def test_contacts_have_them_too(world: World) -> None:
    await defined(world, "contact")
    await world.account(external_ids={"erp": "C-1"})
    data = text_of(["id", "name", "account", "custom.tier", "custom.note"], ["1", "Li", "C-1", "gold", "x"])
    run = await imported(world, "contacts", data, **KNOWN)
    assert counts(run) == (1, 0, 0, 0), await rows_of(world, run)
    (row,) = await rows_of(world, run)
    assert (await read(world, f"contacts/{row['resource_id']}"))["custom"] == {"tier": "gold", "note": "x"}
    run = await sent(world, "leads", text_of(["company", "custom.tier"], ["Quay", "gold"]))
    answer = await started(world, run, mapping={"company": "company", "custom.tier": "custom.tier"})
    assert (answer.status_code, answer.json()["code"]) == (422, "field-unknown"), "leads have none"
