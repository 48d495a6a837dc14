"""The driver by capacity on PostgreSQL."""

from __future__ import annotations

from typing import Any

Q2 = {"name": "Q2", "period_start": "2026-04-01", "period_end": "2026-06-30", "amount": 1_000_000}


async def split(world: Any, dimension: str, codes: tuple[str, ...] = (), params: Any = None, **more: Any) -> Any:
    """Answer of a decomposition of a new target by capacity."""
    target = (await world.service.post("/v1/targets", {**Q2, **more})).json()
    known = {"unit": world.units, "member": world.members}.get(dimension, {})
    children = [{f"{dimension}_id" if known else "key": known.get(code, code)} for code in codes]
    driver = {"kind": "capacity", **({} if params is None else {"params": params})}
    body = {"dimension": dimension, "children": children, "drivers": [driver]}
    return await world.service.post(f"/v1/targets/{target['id']}/decompositions", body)


def amounts(world: Any, answer: Any) -> dict[str, int]:
    assert answer.status_code == 201, answer.text
    names = {value: key for key, value in (world.units | world.members).items()}
    return {names.get(one["key"], one["key"]): one["amount"] for one in answer.json()["children"]}


async def sold(world: Any, **by: int) -> None:
    for code, amount in by.items():
        await world.service.deliver(world.confirmed(world.order({code: 1_000_000}, [amount], "2026-02-10")))


async def test_units_and_members_share_by_what_they_can_bring(world: Any) -> None:
    await sold(world, a1=300_000, a2=100_000, b1=600_000)
    assert amounts(world, await split(world, "member", ("a1", "a2", "b1"))) == {
        "a1": 300_000,
        "a2": 100_000,
        "b1": 600_000,
    }
    found = await split(world, "unit", ("north", "south"))
    told = {one["unit_id"]: one["driver_values"] for one in found.json()["children"]}
    assert all(each[0] > 0 for each in told.values())
    half = {"role": "sales_rep", "from": "2026-04-01", "capacity": 500_000}
    path = f"/v1/members/{world.members['b1']}/change-role"
    assert (await world.service.post(path, {**half, "role": "account_manager"})).status_code == 200
    assert amounts(world, await split(world, "member", ("a1", "b1"))) == {"a1": 500_000, "b1": 500_000}


async def test_months_share_by_days_and_members_and_the_ramp(world: Any) -> None:
    await sold(world, b1=600_000)
    seller = {"code": "new", "role": "sales_rep", "unit_id": world.units["team-b"], "valid_from": "2026-05-01"}
    assert (await world.service.post("/v1/members", seller)).status_code == 201
    days = {"2026-04": 21, "2026-05": 20, "2026-06": 21}
    calendar = (await world.service.get("/v1/calendar-days?from=2026-04-01&to=2026-06-30")).json()["items"]
    for month in days:
        works = [one for one in calendar if one["date"].startswith(month) and one["kind"] in ("working", "make_up")]
        days[month] = len(works)
    found = amounts(world, await split(world, "month", unit_id=world.units["team-b"]))
    weights = {"2026-04": days["2026-04"], "2026-05": 2 * days["2026-05"], "2026-06": 2 * days["2026-06"]}
    whole = sum(weights.values())
    assert all(abs(found[each] - 1_000_000 * weights[each] // whole) <= 1 for each in days)
    ramped = amounts(world, await split(world, "month", params={"ramp": [0, 0]}, unit_id=world.units["team-b"]))
    weights["2026-05"] = days["2026-05"]
    assert ramped["2026-04"] > found["2026-04"]
    assert abs(ramped["2026-05"] * days["2026-04"] - ramped["2026-04"] * days["2026-05"]) <= 2 * days["2026-05"]


async def test_who_is_new_brings_the_mean_and_who_sits_out_nothing(world: Any) -> None:
    await sold(world, a1=300_000, b1=600_000)
    for code, role in (("fresh", "sales_rep"), ("boss", "sales_director"), ("help", "market_support")):
        body = {"code": code, "role": role, "unit_id": world.units["team-a"], "valid_from": "2026-03-31"}
        world.members[code] = (await world.service.post("/v1/members", body)).json()["id"]
    found = amounts(world, await split(world, "member", ("a1", "fresh", "boss", "help")))
    assert (found["boss"], found["help"]) == (0, 0)
    assert 0 < found["fresh"] < found["a1"], "a2 sold nothing, so the mean of the unit is less"
    assert found["fresh"] + found["a1"] == 1_000_000


async def test_what_a_unit_was_before_tells_what_it_can_bring(world: Any) -> None:
    await sold(world, a1=300_000, a2=300_000, b1=600_000)
    body = {"new_parent_id": world.units["south"], "code": "team-c", "from": "2026-04-01"}
    answer = await world.service.post(f"/v1/units/{world.units['team-a']}/reorganise", body)
    world.units["team-c"] = answer.json()["successors"][0]["id"]
    found = amounts(world, await split(world, "unit", ("team-c", "team-b"), unit_id=world.units["south"]))
    assert found == {"team-c": 500_000, "team-b": 500_000}


async def test_what_has_no_capacity_is_refused(world: Any) -> None:
    nothing = await split(world, "member", ("a1", "b1"))
    assert (nothing.status_code, nothing.json()["code"]) == (409, "driver-data-insufficient")
    assert nothing.json()["driver"] == "capacity"
    await sold(world, a1=300_000)
    region = await split(world, "region", ("CN-SH", "CN-BJ"))
    assert (region.status_code, region.json()["code"]) == (422, "decomposition-invalid")
    target = (await world.service.post("/v1/targets", Q2)).json()
    for kind, ramp, status in (("equal", [0], 422), ("capacity", [1_000_001], 422), ("capacity", [0] * 25, 422)):
        body = {"dimension": "month", "drivers": [{"kind": kind, "params": {"ramp": ramp}}]}
        answer = await world.service.post(f"/v1/targets/{target['id']}/decompositions", body)
        assert answer.status_code == status, answer.text


async def test_cells_of_a_table_take_it_as_their_seed(world: Any) -> None:
    await sold(world, a1=300_000, a2=100_000)
    target = (await world.service.post("/v1/targets", Q2)).json()
    path, ids = f"/v1/targets/{target['id']}", {}
    members = [{"member_id": world.members[code]} for code in ("a1", "a2")]
    for dimension, children in (("member", members), ("month", []), ("region", [{"key": "CN-SH"}, {"key": "CN-BJ"}])):
        made = await world.service.post(f"{path}/decompositions", {"dimension": dimension, "children": children})
        ids[dimension] = made.json()["id"]
    body = {"row_decomposition_id": ids["member"], "column_decomposition_id": ids["month"]}
    body |= {"drivers": [{"kind": "capacity", "params": {"ramp": [0]}}]}
    table = await world.service.post(f"{path}/tables", body)
    assert table.status_code == 201, table.text
    refused = await world.service.post(f"{path}/tables", {**body, "row_decomposition_id": ids["region"]})
    assert refused.status_code in (201, 409), refused.text
