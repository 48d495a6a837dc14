"""Answers that the gateway composes, of the real services: what is in them, and for whom."""

from __future__ import annotations

from typing import Any

from gateway.compose import customers, dashboards
from tests.e2e.orders import confirmed
from tests.e2e.scripted import active_target
from tests.e2e.world import World


def states(body: dict[str, Any]) -> dict[str, str]:
    return {name: part["state"] for name, part in body.items() if isinstance(part, dict) and "state" in part}


def test_a_customer_from_four_services(world: World) -> None:
    order = world.get(f"/v1/orders/{confirmed(world)}")
    account = order["account_id"]
    path = f"/v1/customers/{account}/360"
    world.until(lambda: world.get(path)["receivables"]["data"]["items"])
    found = world.get(path)
    absent = {name for name, state in states(found).items() if state != "ok"}
    assert absent <= {"grade"}, states(found)
    assert set(states(found)) == {name for source in customers.SOURCES for name in source.parts}
    assert [item["id"] for item in found["open_orders"]["data"]["items"]] == [order["id"]]
    assert found["exposure"]["data"]["use"] == found["receivables"]["data"]["items"][0]["open"] == order["gross_base"]
    assert found["account"]["data"]["id"] == account
    owner = world.send("GET", path, by="rep-31")
    assert (owner.status_code, owner.json()["account"]["state"]) == (200, "ok")
    foreign = world.send("GET", path, by="rep-02")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "account-not-found")
    agent = world.send("GET", path, by="agent")
    assert agent.status_code == 200
    assert {"ok", "refused"} <= set(states(agent.json()).values())


def test_a_merged_customer_leads_on(world: World) -> None:
    body, headers = {"kind": "organization", "name": "Composed as one"}, {"X-Skip-Duplicate-Check": "true"}
    survivor, other = [world.make("/v1/accounts", body, headers=headers)["id"] for _ in range(2)]
    world.make(f"/v1/accounts/{survivor}/merge", {"merged_id": other})
    answer = world.send("GET", f"/v1/customers/{other}/360")
    assert (answer.status_code, answer.headers["location"]) == (307, f"/v1/customers/{survivor}/360")


def test_a_sales_dashboard(world: World) -> None:
    target_id = active_target(world)
    world.until(lambda: world.send("GET", f"/v1/target-adjustments?target_id={target_id}").status_code == 200)
    path = f"/v1/dashboards/sales?target_id={target_id}"
    answer = world.send("GET", path)
    assert answer.status_code == 200, answer.text
    assert set(states(answer.json())) == {name for source in dashboards.SOURCES for name in source.parts}
    assert set(states(answer.json()).values()) == {"ok"}, answer.text
    again = world.send("GET", path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
