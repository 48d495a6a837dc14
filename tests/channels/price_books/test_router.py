"""Price books: drafted, filled, published under one lock, revised."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes, make_event
from services.channels.events_out import PriceChanged
from tests.channels.conftest import partner

PATH = "/v1/price-books"
BOOK = {"code": "LIST", "name": "List prices", "currency": "USD", "valid_from": "2026-01-01"}
ROCK = {
    "code": "ROCK",
    "sku": "CD-ROCK",
    "method": "fixed",
    "breaks": [{"min_quantity": 100, "unit_price": 450}, {"min_quantity": 1, "unit_price": 500}],
}
EAST = {
    "code": "EAST",
    "product_line": "rock",
    "selector": {"region": "CN-SH"},
    "method": "differentiated",
    "adjustment": -50_000,
}
PLUS = {"code": "PLUS", "sku": "CD-ROCK", "selector": {"tier": "gold"}, "method": "cost_plus", "markup": 250_000}


async def product(service: ServiceHarness, sku: str = "CD-ROCK", line: str = "rock", **costs: int) -> None:
    """A product with full costs by the day they begin (`d2026_01_01=330`)."""
    assert (await service.post("/v1/products", {"sku": sku, "name": sku, "product_line": line})).status_code == 201
    for day, cost in costs.items():
        body = {"sku": sku, "direct_base": cost, "valid_from": day.removeprefix("d").replace("_", "-")}
        assert (await service.post("/v1/product-costs", body)).status_code == 201


async def put(service: ServiceHarness, path: str, *entries: dict[str, Any], version: int = 1) -> httpx.Response:
    headers = service.headers(If_Match=f'"{version}"')
    return await service.request("PUT", f"{path}/entries", {"entries": entries}, headers=headers)


async def drafted(service: ServiceHarness, *entries: dict[str, Any], **changes: Any) -> str:
    """Path of a draft with these entries."""
    made = await service.post(PATH, BOOK | changes)
    assert made.status_code == 201, made.text
    path = str(made.headers["location"])
    answer = await put(service, path, *entries)
    assert answer.status_code == 200, answer.text
    return path


async def published(service: ServiceHarness, *entries: dict[str, Any], **changes: Any) -> str:
    path = await drafted(service, *entries, **changes)
    answer = await service.post(f"{path}/publish")
    assert answer.status_code == 200, answer.text
    return path


async def test_a_book_is_filled_published_and_revised(service: ServiceHarness) -> None:
    await product(service)
    path = await drafted(service, ROCK, EAST, PLUS)
    answer = await service.post(f"{path}/publish")
    book = answer.json()
    assert (book["state"], book["published_by"], book["entry_count"], book["valid_to"]) == (
        "published",
        "admin",
        3,
        None,
    )
    (fact,) = await service.published(PriceChanged.TYPE)
    assert fact.key == fact.subject == book["id"]
    assert {name: fact.payload[name] for name in ("code", "book_version", "entry_count", "business_date")} == {
        "code": "LIST",
        "book_version": 1,
        "entry_count": 3,
        "business_date": book["published_on"],
    }
    early = await service.post(f"{path}/revise", {"valid_from": "2026-01-01"})
    assert (early.status_code, early.json()["code"], codes(early.json())) == (422, "validity-invalid", ["/valid_from"])
    answers = await asyncio.gather(*(service.post(f"{path}/revise", {"valid_from": "2026-07-01"}) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409]
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"draft-open"}
    revised = next(one for one in answers if one.status_code == 201)
    later = revised.headers["location"]
    assert (revised.json()["book_version"], revised.json()["entry_count"]) == (2, 3)
    assert (await service.post(f"{later}/revise", {"valid_from": "2027-01-01"})).json()["code"] == "price-book-state"
    assert (await put(service, later, ROCK | {"breaks": [{"min_quantity": 1, "unit_price": 520}]})).status_code == 200
    assert (await service.post(f"{later}/publish")).status_code == 200
    assert (await service.get(path)).json()["valid_to"] == "2026-06-30"
    assert (await service.get(path)).headers["etag"] == answer.headers["etag"], "a published version never changes"
    codes_of = [item["code"] for item in (await service.get(f"{path}/entries")).json()["items"]]
    assert (codes_of, len((await service.get(f"{later}/entries")).json()["items"])) == (["EAST", "PLUS", "ROCK"], 1)
    assert (await put(service, path, ROCK, version=3)).json()["code"] == "price-book-state"
    assert (await service.patch(path, {"name": "x"}, 3)).json()["code"] == "price-book-state"


async def test_entries_have_no_order(service: ServiceHarness) -> None:
    await product(service)
    path = await drafted(service, ROCK, EAST)
    again = await put(service, path, EAST, ROCK | {"breaks": ROCK["breaks"][::-1]}, version=2)
    assert (again.status_code, again.headers["etag"]) == (200, '"2"'), "the same entries: nothing changes"
    shown = (await service.get(f"{path}/entries?sku=CD-ROCK")).json()["items"]
    assert [entry["breaks"] for entry in shown] == [ROCK["breaks"][::-1]]
    assert (await put(service, path, EAST, version=1)).status_code == 412


@pytest.mark.parametrize(
    ("entry", "code", "pointer"),
    [
        (ROCK | {"sku": None}, "entry-invalid", "/entries/0/sku"),
        (ROCK | {"product_line": "rock"}, "entry-invalid", "/entries/0/sku"),
        (ROCK | {"markup": 1}, "entry-invalid", "/entries/0/markup"),
        (ROCK | {"breaks": []}, "entry-invalid", "/entries/0/breaks"),
        (EAST | {"selector": {}}, "entry-invalid", "/entries/0/selector"),
        (ROCK | {"valid_from": "2026-02-01", "valid_to": "2026-01-31"}, "entry-invalid", "/entries/0/valid_to"),
        (ROCK | {"sku": "CD-NONE"}, "unknown-reference", "/entries/0/sku"),
        (EAST | {"product_line": "none"}, "unknown-reference", "/entries/0/product_line"),
        (ROCK | {"selector": {"partner_id": str(new_id())}}, "unknown-reference", "/entries/0/selector/partner_id"),
        (ROCK | {"selector": {"account_id": str(new_id())}}, "unknown-reference", "/entries/0/selector/account_id"),
        (ROCK | {"method": "dynamic"}, "invalid", "/entries/0/method"),
        (ROCK | {"breaks": [{"min_quantity": 0, "unit_price": 1}]}, "invalid", "/entries/0/breaks/0/min_quantity"),
        (ROCK | {"selector": {"who": 1}}, "invalid", "/entries/0/selector/who"),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, str) else "",
)
async def test_an_entry_that_cannot_be_names_its_field(
    service: ServiceHarness, entry: dict[str, Any], code: str, pointer: str
) -> None:
    await product(service)
    path = await drafted(service)
    answer = await put(service, path, entry)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer])
    assert answer.json().get("retryable", False) is pointer.endswith("account_id")
    assert await service.rows("SELECT 1 FROM price_entry") == []


async def test_a_code_stands_once_in_a_book_and_a_book_once(service: ServiceHarness) -> None:
    await product(service)
    path = await drafted(service)
    assert codes((await put(service, path, ROCK, ROCK)).json()) == ["/entries/1/code"]
    taken = await service.post(PATH, BOOK)
    assert (taken.status_code, taken.json()["code"]) == (409, "price-book-code-taken")


@pytest.mark.parametrize(
    ("entries", "code", "pointers"),
    [
        ([ROCK, ROCK | {"code": "TWIN"}], "price-overlap", ["/entries/1"]),
        (
            [ROCK | {"valid_to": "2026-03-01"}, ROCK | {"code": "S", "valid_from": "2026-03-01"}],
            "price-overlap",
            ["/entries/1"],
        ),
        ([ROCK | {"breaks": [{"min_quantity": 2, "unit_price": 500}]}], "break-gap", ["/entries/0"]),
        (
            [ROCK | {"breaks": [{"min_quantity": 1, "unit_price": 500}, {"min_quantity": 9, "unit_price": 501}]}],
            "break-price-rises",
            ["/entries/0"],
        ),
        ([PLUS | {"markup": 99_999}], "below-floor", ["/entries/0"]),
        ([ROCK | {"breaks": [{"min_quantity": 1, "unit_price": 362}]}], "below-floor", ["/entries/0"]),
    ],
    ids=["twin", "shared-day", "gap", "rise", "markup", "floor"],
)
async def test_what_may_not_be_published(
    service: ServiceHarness, entries: list[dict[str, Any]], code: str, pointers: list[str]
) -> None:
    await product(service, d2026_01_01=330)
    path = await drafted(service, *entries, min_markup=100_000)
    answer = await service.post(f"{path}/publish")
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, pointers)
    assert (await service.get(path)).json()["state"] == "draft"
    assert await service.published(PriceChanged.TYPE) == []


async def test_neighbours_in_time_and_other_selectors_stand_together(service: ServiceHarness) -> None:
    await product(service, d2026_01_01=330)
    spring, summer = ROCK | {"valid_to": "2026-03-01"}, ROCK | {"code": "SUMMER", "valid_from": "2026-03-02"}
    floor = {"breaks": [{"min_quantity": 1, "unit_price": 363}]}
    cheap = ROCK | {"code": "GOLD", "selector": {"tier": "gold"}} | floor
    await published(service, spring, summer, cheap, min_markup=100_000)


async def test_the_floor_is_of_the_dearest_product_and_day(service: ServiceHarness) -> None:
    await product(service, "CD-ROCK", d2026_01_01=330)
    await product(service, "CD-METAL", d2026_01_01=330, d2199_01_01=400)
    line = {
        "code": "LINE",
        "product_line": "rock",
        "method": "fixed",
        "breaks": [{"min_quantity": 1, "unit_price": 399}],
    }
    path = await drafted(service, line)
    answer = await service.post(f"{path}/publish")
    assert (answer.json()["code"], "399 for CD-METAL" in answer.json()["detail"]) == ("below-floor", True)
    assert (await put(service, path, line | {"valid_to": "2198-12-31"}, version=2)).status_code == 200
    assert (await service.post(f"{path}/publish")).status_code == 200


async def test_a_floor_in_another_currency_needs_a_rate(service: ServiceHarness) -> None:
    await product(service, d2026_01_01=330)
    path = await drafted(service, ROCK | {"breaks": [{"min_quantity": 1, "unit_price": 2_408}]}, currency="CNY")
    answer = await service.post(f"{path}/publish")
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (
        409,
        "exchange-rate-missing",
        True,
    )
    rate = {"currency": "CNY", "base_currency": "USD", "rate": "0.137", "valid_from": "2026-01-01"}
    await service.deliver(make_event("customer.exchange_rate.set.v1", rate, "CNY"))
    assert (await service.post(f"{path}/publish")).json()["code"] == "below-floor", "2,408 x 0.137 = 329.9"
    await put(service, path, ROCK | {"breaks": [{"min_quantity": 1, "unit_price": 2_409}]}, version=2)
    assert (await service.post(f"{path}/publish")).status_code == 200


async def test_of_books_published_at_once_for_the_same_one_wins(service: ServiceHarness) -> None:
    await product(service)
    paths = [await drafted(service, ROCK, code=f"B-{number}") for number in range(8)]
    answers = await asyncio.gather(*(service.post(f"{path}/publish") for path in paths))
    assert sorted(answer.status_code for answer in answers) == [200] + [422] * 7
    winner = next(answer.json()["code"] for answer in answers if answer.status_code == 200)
    assert all(winner in answer.json()["detail"] for answer in answers if answer.status_code == 422)
    assert len(await service.published(PriceChanged.TYPE)) == 1


async def test_a_later_version_makes_room_for_another_book(service: ServiceHarness) -> None:
    await product(service)
    path = await published(service, ROCK)
    later = (await service.post(f"{path}/revise", {"valid_from": "2026-07-01"})).headers["location"]
    await put(service, later)
    other = await drafted(service, ROCK, code="OTHER", valid_from="2026-07-01")
    assert (await service.post(f"{other}/publish")).json()["code"] == "price-overlap"
    assert (await service.post(f"{later}/publish")).status_code == 200
    assert (await service.post(f"{other}/publish")).status_code == 200


async def test_who_writes_who_publishes_and_who_sees_cost(service: ServiceHarness) -> None:
    await product(service)
    manager = service.headers("cm", "channel_manager")
    made = await service.post(PATH, BOOK | {"min_markup": 100_000}, headers=manager)
    path = made.headers["location"]
    assert (made.status_code, made.json()["min_markup"]) == (201, 100_000)
    assert (await put(service, path, PLUS, EAST)).status_code == 200
    assert (await service.post(f"{path}/publish", headers=manager)).status_code == 403
    for role, level in (("sales_rep", None), ("risk_officer", None), ("sales_manager", 1), ("auditor", 1)):
        headers = service.headers("somebody", role)
        book = (await service.get(path, headers=headers)).json()
        entries = (await service.get(f"{path}/entries", headers=headers)).json()["items"]
        listed = (await service.get(PATH, headers=headers)).json()["items"]
        assert (book["min_markup"] is None) == (listed[0]["min_markup"] is None) == (level is None), role
        assert [entry["markup"] is None for entry in entries] == [True, level is None], role
        assert (await service.post(PATH, BOOK | {"code": "X"}, headers=headers)).status_code == 403
    rep = service.headers("rep", "sales_rep")
    assert (await service.get(f"{path}/entries?markup=250000", headers=rep)).status_code == 400
    assert (await service.post(f"{path}/publish", headers=service.headers("d", "sales_director"))).status_code == 200


async def test_entries_for_partners_and_accounts_that_are_known(service: ServiceHarness) -> None:
    await product(service)
    partner_id = await partner(service)
    path = await published(service, ROCK | {"selector": {"partner_id": str(partner_id)}})
    found = (await service.get(f"{path}/entries?partner_id={partner_id}")).json()["items"]
    assert [entry["code"] for entry in found] == ["ROCK"]
    assert (await service.get(f"{PATH}/{new_id()}/entries")).json()["code"] == "price-book-not-found"
