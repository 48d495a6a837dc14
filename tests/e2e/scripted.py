"""How each operation that changes something is made to succeed: with its documented example, where it has one.

The table names every such operation; operations that only read are reached with real ids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.world import SERVICES, World

How = Callable[[World], httpx.Response]


def created(path: str) -> How:
    """POST the documented example."""
    return lambda world: world.send("POST", path, world.example(f"POST {path}"))


def acted(template: str, thing: Callable[[World], str]) -> How:
    """POST an action on a thing in the right state, with the documented example when it takes a body."""

    def act(world: World) -> httpx.Response:
        key = f"POST {template}"
        body = world.example(key) if "requestBody" in world.operations[key] else None
        return world.send("POST", filled(template, thing(world)), body)

    return act


def changed(method: str, template: str, thing: Callable[[World], str]) -> How:
    """PATCH or PUT the documented example over the version as it is."""

    def change(world: World) -> httpx.Response:
        path = filled(template, thing(world))
        return world.send(method, path, world.example(f"{method} {template}"), headers=world.etag(path))

    return change


def rows(path: str, make: Callable[[World], dict[str, Any]]) -> How:
    """A batch of one good and one broken row: the one goes in, the other gets its problem."""

    def send(world: World) -> httpx.Response:
        answer = world.send("POST", path, {"rows": [{"nonsense": 1}, make(world)]})
        if answer.is_success:
            results = [result["status"] for result in answer.json()["results"]]
            assert results[0] == "problem", answer.text
            assert results[1] != "problem", answer.text
        return answer

    return send


def filled(template: str, value: str) -> str:
    """The path with its (only) parameter."""
    return template[: template.index("{")] + value + template[template.index("}") + 1 :]


def ref() -> dict[str, str]:
    """A fresh external id."""
    return {"source": "scripted", "id": uuid4().hex}


# things in a state


def account(world: World) -> str:
    """An account with a credit limit in risk already."""
    body = {"kind": "organization", "name": f"Scripted {uuid4().hex}", "owner_id": world.ids["member_id"][0]}
    made: str = world.make("/v1/accounts", body)["id"]
    world.until(lambda: world.send("GET", f"/v1/credit-profiles/{made}").is_success)
    return made


def order_body(world: World, of: str, price: int = 1000) -> dict[str, Any]:
    """An order of two pieces."""
    lines = [{"sku": world.ids["sku"][0], "quantity": 2, "unit_price": price}]
    return {"account_id": of, "currency": "USD", "lines": lines}


def draft(world: World) -> str:
    made: str = world.make("/v1/orders", order_body(world, account(world)))["id"]
    return made


def placed(world: World, order: str, state: str) -> str:
    """The order, placed and answered."""
    world.make(f"/v1/orders/{order}/place")
    world.until(lambda: world.get(f"/v1/orders/{order}")["state"] == state)
    return order


def confirmed(world: World) -> str:
    return placed(world, draft(world), "confirmed")


def held(world: World) -> str:
    of = account(world)
    path = f"/v1/credit-profiles/{of}"
    assert world.send("PATCH", path, {"credit_limit": 0, "reason": "none"}, headers=world.etag(path)).is_success
    return placed(world, world.make("/v1/orders", order_body(world, of))["id"], "on_hold")


def payment(world: World) -> tuple[str, str]:
    """(payment, order) with 500 allocated."""
    order = confirmed(world)
    body = {
        "account_id": world.get(f"/v1/orders/{order}")["account_id"],
        "currency": "USD",
        "amount": 500,
        "method": "cash",
        "allocations": [{"order_id": order, "amount": 500}],
    }
    return world.make("/v1/payments", body)["id"], order


def pay_example(world: World) -> httpx.Response:
    order = confirmed(world)
    of = world.get(f"/v1/orders/{order}")["account_id"]
    body = world.example("POST /v1/payments") | {"account_id": of, "currency": "USD"}
    body["allocations"][0]["order_id"] = order
    return world.send("POST", "/v1/payments", body)


def refund_example(world: World) -> httpx.Response:
    made, order = payment(world)
    body = world.example("POST /v1/payments/{payment_id}/refunds")
    body["allocations"][0]["order_id"] = order
    return world.send("POST", f"/v1/payments/{made}/refunds", body)


def release(world: World) -> httpx.Response:
    body = world.example("POST /v1/credit-decisions") | {"order_id": held(world)}
    return world.send("POST", "/v1/credit-decisions", body)


def policy(world: World) -> str:
    """A draft of somebody else than the administrator, who may approve it."""
    made: str = world.make("/v1/risk-policies", world.example("POST /v1/risk-policies"), by="officer")["id"]
    return made


def approved_policy(world: World) -> str:
    made = policy(world)
    world.make(f"/v1/risk-policies/{made}/approve")
    return made


def contract_example(world: World, of: str | None = None, by: str = "admin") -> httpx.Response:
    """The example, with an account that risk knows already."""
    body = world.example("POST /v1/contracts") | {"account_id": of or account(world), "number": f"S-{uuid4().hex}"}
    return world.send("POST", "/v1/contracts", body, by=by)


def contract(world: World, of: str | None = None, until: str = "draft") -> str:
    """A contract of somebody else than the administrator, who may approve it, on its way up to a state."""
    made: str = contract_example(world, of, "officer").json()["id"]
    states = ["draft", "submitted", "reviewed", "approved", "signed"]
    for state in states[1 : states.index(until) + 1]:
        path = f"/v1/contracts/{made}"
        match state:
            case "submitted":
                world.make(f"{path}/submit")
            case "reviewed":
                answers = [{"code": one["code"], "result": "pass"} for one in world.get(path)["clauses"]]
                world.make(f"{path}/review", {"answers": answers})
            case "approved":
                world.make(f"{path}/approve")
            case "signed":
                world.make(f"{path}/sign", world.example("POST /v1/contracts/{contract_id}/sign"))
    return made


def at(state: str) -> Callable[[World], str]:
    """A contract that has come so far."""
    return lambda world: contract(world, until=state)


def amendment(world: World, *, approved: bool = False, of: str | None = None) -> str:
    """An amendment of somebody else than the administrator, of a contract that is signed."""
    path = f"/v1/contracts/{of or contract(world, until='signed')}/amendments"
    body = world.example("POST /v1/contracts/{contract_id}/amendments")
    made: str = world.make(path, body, by="officer")["id"]
    if approved:
        world.make(f"/v1/amendments/{made}/approve")
    return made


def amended_contract(world: World, of: str) -> dict[str, str]:
    """Ids of a contract with an account and of its amendment."""
    made = contract(world, of, until="signed")
    return {"contract_id": made, "amendment_id": amendment(world, of=made)}


def order_example(world: World) -> httpx.Response:
    """The example credits two sellers, so it needs two."""
    body = world.example("POST /v1/orders")
    others = [item["id"] for item in world.get("/v1/members", limit=20)["items"]]
    for credit, member in zip(body["credits"], others, strict=False):
        credit["member_id"] = member
    body["lines"][0]["sku"] = world.ids["sku"][0]
    return world.send("POST", "/v1/orders", body)


def rate_example(world: World) -> httpx.Response:
    taken = {item["valid_from"] for item in world.get("/v1/exchange-rates", limit=200)["items"]}
    day = next(
        f"2025-{month:02d}-{day:02d}"
        for month in range(1, 13)
        for day in range(1, 29)
        if f"2025-{month:02d}-{day:02d}" not in taken
    )
    body = world.example("POST /v1/exchange-rates") | {"valid_from": day}
    return world.send("POST", "/v1/exchange-rates", body)


def unit(world: World) -> str:
    made: str = world.make("/v1/units", world.example("POST /v1/units"))["id"]
    return made


def member(world: World) -> str:
    made: str = world.make("/v1/members", world.example("POST /v1/members"))["id"]
    return made


def move_example(world: World) -> httpx.Response:
    body = world.example("POST /v1/members/{member_id}/move") | {"unit_id": unit(world)}
    return world.send("POST", f"/v1/members/{member(world)}/move", body)


def target(world: World) -> str:
    made: str = world.make("/v1/targets", world.example("POST /v1/targets"))["id"]
    return made


def active_target(world: World) -> str:
    made = target(world)
    world.make(f"/v1/targets/{made}/activate")
    return made


def partner(world: World) -> str:
    made: str = world.make("/v1/partners", world.example("POST /v1/partners"))["id"]
    return made


def active_partner(world: World) -> str:
    made = partner(world)
    world.make(f"/v1/partners/{made}/activate")
    return made


def product(world: World) -> str:
    made: str = world.make("/v1/products", world.example("POST /v1/products"))["id"]
    return made


def cost(world: World) -> dict[str, Any]:
    """Of a product that has none yet."""
    sku = world.get(f"/v1/products/{product(world)}")["sku"]
    return world.example("POST /v1/product-costs") | {"sku": sku}


def programme(world: World) -> str:
    made: str = world.make("/v1/rebate-programmes", world.example("POST /v1/rebate-programmes"))["id"]
    return made


def rebuild(world: World) -> httpx.Response:
    answer = world.send("POST", "/v1/attainment/rebuilds", {"swap": False})
    if answer.is_success:
        world.ids["job_id"] = [answer.json()["id"]]
        path = f"/v1/attainment/rebuilds/{answer.json()['id']}"
        world.until(lambda: world.get(path)["state"] in ("succeeded", "failed"))
    return answer


CALLS: dict[str, How] = {
    "POST /oauth/token": lambda world: world.http.post(
        "/oauth/token",
        data={"grant_type": "client_credentials", "client_id": "auditor", "client_secret": "crmesh-development"},
    ),
    # customer
    "POST /v1/accounts": created("/v1/accounts"),
    "POST /v1/accounts/batch": rows(
        "/v1/accounts/batch", lambda _: {"kind": "person", "name": "Row", "external_ids": {"scripted": uuid4().hex}}
    ),
    "PATCH /v1/accounts/{account_id}": changed("PATCH", "/v1/accounts/{account_id}", account),
    "POST /v1/accounts/{account_id}/archive": acted("/v1/accounts/{account_id}/archive", account),
    "POST /v1/exchange-rates": rate_example,
    "POST /v1/orders": order_example,
    "POST /v1/orders/batch": rows(
        "/v1/orders/batch", lambda world: order_body(world, account(world)) | {"external_id": ref(), "place": True}
    ),
    "PATCH /v1/orders/{order_id}": changed("PATCH", "/v1/orders/{order_id}", draft),
    "POST /v1/orders/{order_id}/place": acted("/v1/orders/{order_id}/place", draft),
    "POST /v1/orders/{order_id}/cancel": acted("/v1/orders/{order_id}/cancel", draft),
    "POST /v1/orders/{order_id}/fulfil": acted("/v1/orders/{order_id}/fulfil", confirmed),
    "POST /v1/orders/{order_id}/returns": acted("/v1/orders/{order_id}/returns", confirmed),
    "POST /v1/returns/batch": rows(
        "/v1/returns/batch",
        lambda world: {
            "order_id": confirmed(world),
            "external_id": ref(),
            "lines": [{"line_no": 1, "quantity": 1}],
        },
    ),
    "POST /v1/payments": pay_example,
    "POST /v1/payments/batch": rows(
        "/v1/payments/batch",
        lambda world: {
            "account_id": account(world),
            "external_id": ref(),
            "currency": "USD",
            "amount": 7,
            "method": "cash",
        },
    ),
    "POST /v1/payments/{payment_id}/refunds": refund_example,
    # targets
    "POST /v1/units": created("/v1/units"),
    "PATCH /v1/units/{unit_id}": changed("PATCH", "/v1/units/{unit_id}", unit),
    "POST /v1/members": created("/v1/members"),
    "POST /v1/members/{member_id}/move": move_example,
    "POST /v1/members/{member_id}/leave": acted("/v1/members/{member_id}/leave", member),
    "POST /v1/targets": created("/v1/targets"),
    "PATCH /v1/targets/{target_id}": changed("PATCH", "/v1/targets/{target_id}", target),
    "POST /v1/targets/{target_id}/activate": acted("/v1/targets/{target_id}/activate", target),
    "POST /v1/targets/{target_id}/close": acted("/v1/targets/{target_id}/close", active_target),
    "POST /v1/targets/{target_id}/decompositions": acted("/v1/targets/{target_id}/decompositions", target),
    "POST /v1/attainment/rebuilds": rebuild,
    # channels
    "POST /v1/products": created("/v1/products"),
    "POST /v1/products/batch": rows("/v1/products/batch", lambda world: world.example("POST /v1/products")),
    "PATCH /v1/products/{product_id}": changed("PATCH", "/v1/products/{product_id}", product),
    "POST /v1/product-costs": lambda world: world.send("POST", "/v1/product-costs", cost(world)),
    "POST /v1/product-costs/batch": rows("/v1/product-costs/batch", cost),
    "POST /v1/partners": created("/v1/partners"),
    "PATCH /v1/partners/{partner_id}": changed("PATCH", "/v1/partners/{partner_id}", partner),
    "POST /v1/partners/{partner_id}/activate": acted("/v1/partners/{partner_id}/activate", partner),
    "POST /v1/partners/{partner_id}/suspend": acted("/v1/partners/{partner_id}/suspend", active_partner),
    "POST /v1/rebate-programmes": created("/v1/rebate-programmes"),
    "PUT /v1/rebate-programmes/{programme_id}": changed("PUT", "/v1/rebate-programmes/{programme_id}", programme),
    "POST /v1/rebate-programmes/{programme_id}/publish": acted(
        "/v1/rebate-programmes/{programme_id}/publish", programme
    ),
    # risk
    "PATCH /v1/credit-profiles/{account_id}": changed("PATCH", "/v1/credit-profiles/{account_id}", account),
    "POST /v1/credit-profiles/batch": rows(
        "/v1/credit-profiles/batch", lambda world: {"account_id": account(world), "credit_limit": 10**9}
    ),
    "POST /v1/credit-decisions": release,
    "POST /v1/risk-policies": created("/v1/risk-policies"),
    "PATCH /v1/risk-policies/{policy_id}": changed("PATCH", "/v1/risk-policies/{policy_id}", policy),
    "POST /v1/risk-policies/{policy_id}/approve": acted("/v1/risk-policies/{policy_id}/approve", policy),
    "POST /v1/risk-policies/{policy_id}/activate": acted("/v1/risk-policies/{policy_id}/activate", approved_policy),
    "POST /v1/contracts": contract_example,
    "PATCH /v1/contracts/{contract_id}": changed("PATCH", "/v1/contracts/{contract_id}", contract),
    **{
        f"POST /v1/contracts/{{contract_id}}/{verb}": acted(f"/v1/contracts/{{contract_id}}/{verb}", at(state))
        for verb, state in {
            "submit": "draft",
            "review": "submitted",
            "reject": "submitted",
            "approve": "reviewed",
            "sign": "approved",
            "give-notice": "signed",
            "terminate": "signed",
            "amendments": "signed",
        }.items()
    },
    "POST /v1/amendments/{amendment_id}/approve": acted("/v1/amendments/{amendment_id}/approve", amendment),
    "POST /v1/amendments/{amendment_id}/withdraw": acted("/v1/amendments/{amendment_id}/withdraw", amendment),
    "POST /v1/amendments/{amendment_id}/sign": acted(
        "/v1/amendments/{amendment_id}/sign", lambda world: amendment(world, approved=True)
    ),
}


def retries(service: str) -> How:
    """Handle again what waits in a service: nothing does."""
    return lambda world: world.send("POST", f"/admin/{service}/parked/retries", {"key": "nothing-parked"})


def of_one(service: str, what: str, verb: str) -> How:
    """A verb on the first parked event, or job, of a service."""
    ids = f"{service}.{what.rstrip('s')}_id"
    return lambda world: world.send("POST", f"/admin/{service}/{what}/{world.ids[ids][0]}/{verb}")


for _service in SERVICES:
    CALLS |= {
        f"POST /admin/{_service}/parked/retries": retries(_service),
        f"POST /admin/{_service}/parked/{{parked_id}}/discard": of_one(_service, "parked", "discard"),
        f"POST /admin/{_service}/jobs/{{job_id}}/cancel": of_one(_service, "jobs", "cancel"),
    }
