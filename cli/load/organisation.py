"""The demo organisation: units in three levels, members, products, prices, partners, a rebate programme, targets.

Everything is found by its code before it is made, so that an interrupted run goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from cli.load.cdnow import CURRENCY, PARTNERS, PRODUCTS, QUARTERS, REGIONS, SELLERS, quarter_bounds
from cli.load.client import Api

START = date(1997, 1, 1)
MOVED_SELLER = 4
MOVED_ON = date(1997, 11, 15)
TEAMS_PER_REGION = 2
NORTH_SOUTH = ("north", "south")
REBATE_TIERS = ({"start": 0, "rate": 10_000}, {"start": 100_000, "rate": 20_000}, {"start": 300_000, "rate": 30_000})
QUARTER_TARGETS = {
    "1997Q1": 9_000_001,
    "1997Q2": 7_000_003,
    "1997Q3": 4_000_007,
    "1997Q4": 4_500_011,
    "1998Q1": 3_500_013,
    "1998Q2": 3_000_017,
}


@dataclass(frozen=True, slots=True)
class Organisation:
    """Ids by number or code."""

    units: dict[str, str]
    members: dict[str, str]
    partners: dict[int, str]
    targets: dict[str, str]

    def seller(self, number: int) -> str:
        """Id of a seller."""
        return self.members[seller_code(number)]


def seller_code(number: int) -> str:
    """Code and token subject of a seller: rep-01 ..."""
    return f"rep-{number + 1:02d}"


def team_of(number: int) -> str:
    """Team of a seller."""
    region = NORTH_SOUTH[number % len(NORTH_SOUTH)]
    return f"{region}-team-{number // len(NORTH_SOUTH) % TEAMS_PER_REGION + 1}"


async def _by_code(api: Api, path: str, code: str = "code") -> dict[str, dict[str, Any]]:
    return {item[code]: item async for item in api.pages(path)}


async def set_up(api: Api, *, with_targets: bool = True) -> Organisation:
    """Make what is missing, the targets of the sample's quarters only when asked to; returns the ids."""
    await _products(api)
    await _prices(api)
    partners = await _partners(api)
    await _programme(api)
    units = await _units(api)
    members = await _members(api, units)
    await _leads(api, units, members)
    targets = await _targets(api, units, members) if with_targets else {}
    return Organisation(units, members, partners, targets)


async def _units(api: Api) -> dict[str, str]:
    known = {code: item["id"] for code, item in (await _by_code(api, "/v1/units")).items()}

    async def ensure(code: str, name: str, kind: str, parent: str | None) -> None:
        if code not in known:
            body = {"code": code, "name": name, "kind": kind, "parent_id": known[parent] if parent else None}
            known[code] = (await api.post("/v1/units", body))["id"]

    await ensure("company", "Company", "company", None)
    for region in NORTH_SOUTH:
        await ensure(region, f"Region {region}", "region", "company")
        for team in range(1, TEAMS_PER_REGION + 1):
            await ensure(f"{region}-team-{team}", f"Team {region} {team}", "team", region)
    return known


async def _members(api: Api, units: dict[str, str]) -> dict[str, str]:
    found = await _by_code(api, "/v1/members")
    known = {code: item["id"] for code, item in found.items()}
    wanted = [("director", "sales_director", "company")]
    wanted += [(f"manager-{region}", "sales_manager", region) for region in NORTH_SOUTH]
    wanted += [(seller_code(number), "sales_rep", team_of(number)) for number in range(SELLERS)]
    for code, role, unit in wanted:
        if code not in known:
            body = {"code": code, "subject": code, "role": role, "unit_id": units[unit], "valid_from": START}
            known[code] = (await api.post("/v1/members", body))["id"]
    mover = seller_code(MOVED_SELLER)
    member = await api.get(f"/v1/members/{known[mover]}")
    if len(member["memberships"]) == 1:
        other = units[f"{NORTH_SOUTH[1 - MOVED_SELLER % 2]}-team-1"]
        await api.post(f"/v1/members/{known[mover]}/move", {"unit_id": other, "from": MOVED_ON})
    return known


async def _leads(api: Api, units: dict[str, str], members: dict[str, str]) -> None:
    """The director leads the company and each manager their region: what belongs to somebody who left is theirs."""
    led = {code for code, unit in (await _by_code(api, "/v1/units")).items() if unit["leads"]}
    for code, leader in [("company", "director"), *((region, f"manager-{region}") for region in NORTH_SOUTH)]:
        if code not in led:
            await api.post(f"/v1/units/{units[code]}/lead", {"member_id": members[leader], "from": START})


async def _products(api: Api) -> None:
    known = await _by_code(api, "/v1/products", "sku")
    for sku, name, product_line in PRODUCTS:
        if sku not in known:
            await api.post("/v1/products", {"sku": sku, "name": name, "product_line": product_line})
    costs = [
        {"sku": sku, "direct_base": 800, "indirect_share": 100_000, "valid_from": f"{START}"} for sku, *_ in PRODUCTS
    ]
    await api.post("/v1/product-costs/batch", {"rows": costs})


async def _prices(api: Api) -> None:
    book = (await _by_code(api, "/v1/price-books")).get("LIST")
    if book is None:
        body = {"code": "LIST", "name": "List prices", "currency": CURRENCY, "min_markup": 100_000, "valid_from": START}
        book = await api.post("/v1/price-books", body)
    path = f"/v1/price-books/{book['id']}"
    if book["state"] == "draft":
        breaks = [{"min_quantity": 1, "unit_price": 1499}, {"min_quantity": 100, "unit_price": 1399}]
        entries = [{"code": sku, "sku": sku, "method": "fixed", "breaks": breaks} for sku, *_ in PRODUCTS]
        body = {"entries": entries}
        await api.call("PUT", f"{path}/entries", body, headers={"If-Match": "*"})
        await api.post(f"{path}/publish")


async def _partners(api: Api) -> dict[int, str]:
    known = await _by_code(api, "/v1/partners")
    partners = {}
    for number in range(PARTNERS):
        code = f"P-{number + 1:03d}"
        partner = known.get(code)
        if partner is None:
            body = {
                "code": code,
                "name": f"Demo partner {number + 1}",
                "kind": "reseller",
                "regions": [REGIONS[number % len(REGIONS)]],
            }
            partner = await api.post("/v1/partners", body)
        if partner["state"] != "active":
            await api.post(f"/v1/partners/{partner['id']}/activate")
        partners[number] = partner["id"]
    return partners


async def _programme(api: Api) -> None:
    name = "Demo volume rebate"
    programmes = await _by_code(api, "/v1/rebate-programmes", "name")
    programme = programmes.get(name)
    if programme is None:
        body = {
            "name": name,
            "kind": "marginal",
            "tiers": list(REBATE_TIERS),
            "period": "quarter",
            "valid_from": START,
            "valid_to": date(1998, 12, 31),
        }
        programme = await api.post("/v1/rebate-programmes", body)
    if programme["state"] != "published":
        await api.post(f"/v1/rebate-programmes/{programme['id']}/publish")


async def _targets(api: Api, units: dict[str, str], members: dict[str, str]) -> dict[str, str]:
    """One target a quarter, by month, and each month by seller (half equal, half custom weights, one locked)."""
    roots = {item["name"]: item async for item in api.pages("/v1/targets", **{"parent_id[null]": "true"})}
    ids = {}
    for quarter in QUARTERS:
        name = f"Revenue {quarter}"
        target = roots.get(name)
        first, last = quarter_bounds(quarter)
        if target is None:
            body = {
                "name": name,
                "metric": "revenue",
                "amount": QUARTER_TARGETS[quarter],
                "currency": CURRENCY,
                "period_start": first,
                "period_end": last,
                "unit_id": units["company"],
            }
            target = await api.post("/v1/targets", body)
        if target["state"] == "draft":
            await _decompose(api, target["id"], members)
            await api.post(f"/v1/targets/{target['id']}/activate")
        ids[quarter] = target["id"]
    return ids


async def _decompose(api: Api, target: str, members: dict[str, str]) -> None:
    path = f"/v1/targets/{target}/decompositions"
    existing = (await api.get(path))["items"]
    if existing:
        months = await api.get(f"{path}/{existing[0]['id']}")
    else:
        months = await api.post(path, {"dimension": "month", "is_crediting": True})
    for month in months["children"]:
        inner = f"/v1/targets/{month['target_id']}/decompositions"
        if (await api.get(inner))["items"]:
            continue
        sellers = [{"member_id": members[seller_code(number)], "weight": 1 + number % 4} for number in range(SELLERS)]
        sellers[0]["locked"] = month["amount"] // 50
        drivers = [{"kind": "equal", "weight": 500_000}, {"kind": "custom", "weight": 500_000}]
        await api.post(inner, {"dimension": "member", "children": sellers, "drivers": drivers, "is_crediting": True})
