"""Regions, industries, sizes and domains of accounts: as they are kept, what follows from them, what is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.domains import domain_of
from kit.errors import Invalid
from kit.security.identity import identity_hash
from kit.tax_ids import tax_id_key
from kit.testing.service import codes
from services.customer.accounts.enums import IndustryScheme, SizeClass
from services.customer.accounts.filling import industry_code, size_class, ten_thousands
from services.customer.accounts.regions import clean_region
from services.customer.accounts.rules import clean_tax_id
from tests.customer.conftest import World

GBT, ISIC = IndustryScheme
TAX_ID = "91110000600037341L"
ALPHABETIC = "BJ TJ HE SX NM LN JL HL SH JS ZJ AH FJ JX SD HA HB HN GD GX HI CQ SC GZ YN XZ SN GS QH NX XJ TW HK MO"


@pytest.mark.parametrize(
    "written",
    ["CN-SH", "cn-sh", "CN-31", "31", "310000", "310115", "上海", "上海市", "Shanghai", " shanghai ", "上海 市"],
)
def test_a_province_is_one_code(written: str) -> None:
    assert clean_region("CN", written) == clean_region(None, written) == "CN-SH"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("内蒙古自治区", "CN-NM"), ("廣西壯族自治區", "CN-GX"), ("宁夏回族自治区", "CN-NX"),
        ("新疆维吾尔自治区", "CN-XJ"), ("香港特别行政区", "CN-HK"), ("陕西省", "CN-SN"), ("山西省", "CN-SX"),
        ("CN-91", "CN-HK"), ("810000", "CN-HK"), ("CN-92", "CN-MO"), ("Hong Kong", "CN-HK"), ("CN-71", "CN-TW"),
        ("Inner Mongolia", "CN-NM"), ("Hebei Province", "CN-HE"),
    ],
)  # fmt: skip
def test_provinces_by_their_names_and_numbers(written: str, expected: str) -> None:
    assert clean_region("CN", written) == expected


def test_all_34_codes_are_known_and_stand() -> None:
    assert len(ALPHABETIC.split()) == 34
    for code in ALPHABETIC.split():
        assert clean_region("CN", f"CN-{code}") == f"CN-{code}"


@pytest.mark.parametrize(
    ("country", "written"),
    [("CN", "CN-XX"), ("CN", "CN-99"), ("CN", "990000"), ("CN", "Atlantis"), ("DE", "31"), ("DE", "上海"),
     (None, "Bavaria"), ("CN", "31000"), ("CN", "市"), ("CN", "CN-1")],
)  # fmt: skip
def test_what_is_no_region(country: str | None, written: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_region(country, written)
    assert refused.value.code == "unknown-region"


@given(country=st.sampled_from([None, "CN", "DE"]), written=st.text(min_size=1, max_size=50))
def test_what_is_kept_is_kept_again(country: str | None, written: str) -> None:
    try:
        kept = clean_region(country, written)
    except Invalid:
        return
    assert clean_region(country, kept) == kept


def test_other_countries_keep_their_codes() -> None:
    assert (clean_region("DE", "DE-BY"), clean_region("FR", "fr-75c")) == ("DE-BY", "FR-75C")


def test_the_outer_check_character_alone_accepts_a_residents_number() -> None:
    with pytest.raises(Invalid):
        clean_tax_id("organization", "CN", "362322198709086409")
    assert clean_tax_id("organization", "CN", "91110000600037341L") == "91110000600037341L"


@pytest.mark.parametrize(
    ("code", "employees", "revenue", "expected"),
    [
        ("26", 1_000, 40_000, "large"), ("26", 999, 40_000, "medium"), ("26", 300, 2_000, "medium"),
        ("26", 20, 300, "small"), ("26", 19, 300, "micro"), ("26", 20, 299, "micro"), ("26", 1_200, 1_500, "small"),
        ("51", 200, 40_000, "large"), ("51", 20, 5_000, "medium"), ("51", 5, 1_000, "small"),
        ("51", 4, 90_000, "micro"),
        ("C", 1_200, 1_500, "small"), ("5111", 5, 1_000, "small"), ("52", 50, 500, "medium"), ("01", 1, 500, "medium"),
        ("591", 20, 200, "small"), ("592", 20, 200, "small"), ("59", 20, 200, None), ("53", 9_000, 900_000, None),
        ("47", 9_000, 900_000, None), ("66", 9_000, 900_000, None), ("73", 300, 0, "large"),
        ("65", 100, 1_000, "medium"),
        ("G", 9_000, 900_000, None), ("I", 100, 1_000, None), ("B", 300, 2_000, "medium"),
    ],
)  # fmt: skip
def test_size_by_the_table_of_2017(code: str, employees: int, revenue: int, expected: str | None) -> None:
    assert size_class(GBT, industry_code(GBT, code), employees, Decimal(revenue)) == expected


@given(
    code=st.sampled_from(["26", "51", "52", "61", "73"]),
    employees=st.integers(0, 3_000),
    revenue=st.integers(0, 200_000),
    more=st.tuples(st.integers(0, 500), st.integers(0, 50_000)),
)
def test_more_is_never_a_lower_class(code: str, employees: int, revenue: int, more: tuple[int, int]) -> None:
    order = list(SizeClass)
    here = size_class(GBT, code, employees, Decimal(revenue))
    there = size_class(GBT, code, employees + more[0], Decimal(revenue + more[1]))
    assert here is not None
    assert there is not None
    assert order.index(there) <= order.index(here)


def test_nothing_is_said_of_a_size_of_which_something_is_missing() -> None:
    assert size_class(None, "", 5, Decimal(5)) is None
    assert size_class(GBT, "26", None, Decimal(5)) is None
    assert size_class(GBT, "26", 5, None) is None


def test_revenue_is_counted_in_yuan() -> None:
    assert ten_thousands(1_500_000_000, "CNY", "1") == 1_500
    assert ten_thousands(13_700_000_00, "USD", "0.137") == 10_000
    assert ten_thousands(20_000_000, "JPY", "20") == 100


@pytest.mark.parametrize("written", ["", "Z01", "C51", "5", "98", "U", "12345", "1a"])
def test_what_is_no_industry(written: str) -> None:
    with pytest.raises(Invalid) as refused:
        industry_code(GBT, written)
    assert refused.value.code == "industry-unknown"


def test_codes_of_industries_are_kept_in_one_form() -> None:
    assert [industry_code(GBT, code) for code in ("c26", "26", "2614", "C")] == ["26", "26", "2614", "C"]
    assert industry_code(ISIC, "U99") == "99"


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.Harbour.example/shop?x=1", "harbour.example"), ("harbour.example", "harbour.example"),
        ("WWW.harbour.example.:8080", "harbour.example"), ("http://例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("www.中国", "www.xn--fiqs8s"), ("www.example", "www.example"), ("www.www.example", "www.example"),
        ("https://user:pw@harbour.example", "harbour.example"), ("192.168.0.1", None), ("http://[::1]/", None),
        ("http://[bad", None), ("no domain", None), ("localhost", None), ("", None), (None, None),
        ("-x-.example", None),
    ],
)  # fmt: skip
def test_the_domain_of_a_website(website: str | None, domain: str | None) -> None:
    assert domain_of(website) == domain


@given(st.text(max_size=200))
def test_any_website_has_a_domain_or_none(website: str) -> None:
    domain = domain_of(website)
    assert domain is None or domain_of(domain) == domain


async def test_fields_follow_from_what_is_given(world: World) -> None:
    account = await world.account(
        country="CN", region="310000", website="https://www.Harbour.example/",
        industry={"scheme": "gbt4754", "code": "C26"}, employees=1_200, annual_revenue_base=205_500_000, tax_id=TAX_ID,
    )  # fmt: skip
    kept = {name: account[name] for name in ("region", "domain", "industry", "size_class")}
    assert kept == {
        "region": "CN-SH", "domain": "harbour.example", "industry": {"scheme": "gbt4754", "code": "26"},
        "size_class": "small",
    }  # fmt: skip
    (event,) = await world.service.published()
    said, settings = event.payload, world.service.runtime.settings
    assert said["name_key"] == "blueharbour"
    assert said["domain_hash"] == identity_hash(settings, "domain", "harbour.example")
    assert said["tax_id_hash"] == identity_hash(settings, "tax_id", "CN", tax_id_key("CN", TAX_ID))
    assert {name: said[name] for name in ("country", "industry", "size_class")} == {
        "country": "CN", "industry": {"scheme": "gbt4754", "code": "26"}, "size_class": "small",
    }  # fmt: skip
    path = f"/v1/accounts/{account['id']}"
    answer = await world.service.patch(path, {"employees": 19}, 1)
    assert (answer.json()["size_class"], answer.json()["version"]) == ("micro", 2)
    answer = await world.service.patch(path, {"annual_revenue_base": None, "website": None}, 2)
    assert (answer.json()["size_class"], answer.json()["domain"]) == (None, None)
    assert (await world.service.patch(path, {"region": "上海市"}, 3)).json()["version"] == 3, "it is the same region"
    last = (await world.service.published("customer.account.updated.v1"))[-1].payload
    assert last["changed"] == ["annual_revenue_base", "domain", "size_class", "website"]


async def test_a_person_is_told_without_what_identifies_them(world: World) -> None:
    await world.account(
        kind="person", name="Zhang San", website="zhang.example", country="CN", tax_id="11010519491231002X"
    )
    (event,) = await world.service.published()
    assert [event.payload.get(name) for name in ("name", "name_key", "tax_id_hash", "domain_hash")] == [None] * 4


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"region": "Atlantis"}, "unknown-region", "/region"),
        ({"region": "a\x00"}, "invalid", "/region"),
        ({"industry": {"scheme": "gbt4754", "code": "98"}}, "industry-unknown", "/industry/code"),
        ({"industry": {"scheme": "naics", "code": "11"}}, "invalid", "/industry/scheme"),
        ({"employees": -1}, "invalid", "/employees"),
        ({"employees": 10**30}, "invalid", "/employees"),
        ({"annual_revenue_base": 10**14}, "invalid", "/annual_revenue_base"),
        ({"size_class": "large"}, "invalid", "/size_class"),
        ({"domain": "x.example"}, "invalid", "/domain"),
        ({"website": "javascript:alert(1)"}, "invalid", "/website"),
        ({"website": "user:pw@acme.example"}, "invalid", "/website"),
        ({"website": "http://a b"}, "invalid", "/website"),
        ({"website": "http://.."}, "invalid", "/website"),
        ({"website": "ftp://acme.example"}, "invalid", "/website"),
    ],
)
async def test_bad_fields(world: World, changes: dict[str, Any], code: str, pointer: str) -> None:
    answer = await world.service.post("/v1/accounts", {"kind": "organization", "name": "x", **changes})
    assert (answer.status_code, answer.json()["code"], codes(answer.json())[:1]) == (422, code, [pointer])


async def test_all_are_filters(world: World) -> None:
    industry = {"scheme": "isic", "code": "4711"}
    row = {"external_ids": {"erp": "1"}, "kind": "organization", "name": "x", "business_type": "chain"}
    more = {"industry": industry, "employees": 60, "annual_revenue_base": 100_000_000, "website": "harbour.example"}
    answer = await world.service.post("/v1/accounts/batch", {"rows": [{**row, **more}]})
    assert answer.json()["created"] == 1, answer.text
    await world.account()
    for query in (
        "industry_code=4711", "industry_scheme=isic", "employees[gte]=60", "annual_revenue_base[lt]=100000001",
        "size_class=medium", "business_type=chain", "domain=harbour.example", "website=harbour.example",
    ):  # fmt: skip
        listed = (await world.service.get(f"/v1/accounts?{query}")).json()
        assert [item["industry"] for item in listed.get("items", [])] == [industry], (query, listed)


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"country": "US", "region": "US-99"}, "unknown-region", "/region"),
        ({"region": "GB-LON"}, "unknown-region", "/region"),
        ({"region": "XX-1"}, "unknown-region", "/region"),
        ({"country": "ZZ"}, "unknown-country", "/country"),
        ({"country": "AN"}, "unknown-country", "/country"),
    ],
)
async def test_places_that_nobody_knows_are_refused(
    world: World, fields: dict[str, Any], code: str, pointer: str
) -> None:
    answer = await world.service.post("/v1/accounts", {"kind": "organization", "name": "x", **fields})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["pointer"]) == (422, code, pointer)


async def test_a_country_has_one_code(world: World) -> None:
    british = {"kind": "organization", "name": "x", "tax_id": "123456780"}
    first = await world.service.post("/v1/accounts", {**british, "country": "GB", "region": "lnd"})
    assert (first.status_code, first.json()["region"]) == (201, "GB-LND")
    assert (await world.service.post("/v1/accounts", {**british, "country": "UK"})).status_code == 409
    greek = await world.service.post("/v1/accounts", {"kind": "organization", "name": "y", "country": "EL"})
    assert greek.json()["country"] == "GR"


async def test_old_places_stay_while_other_fields_change(world: World) -> None:
    path = f"/v1/accounts/{(await world.account(country='US', region='US-CA'))['id']}"
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE account SET country = 'ZZ', region = 'XX-1'")
    changed = await world.service.patch(path, {"name": "Renamed", "region": "XX-1"}, 1)
    assert (changed.status_code, changed.json()["country"], changed.json()["region"]) == (200, "ZZ", "XX-1")
    assert (await world.service.patch(path, {"region": "XX-2"}, 2)).status_code == 422
    assert (await world.service.patch(path, {"country": "US", "region": "US-NY"}, 2)).status_code == 200
    moved = await world.service.patch(path, {"country": "CN"}, 3)
    assert (moved.status_code, moved.json()["region"]) == (200, "US-NY"), "its seat is not where it is sold to"
