"""How each operation that changes something is made to succeed: with its documented example, where it has one.

The table names every such operation; operations that only read are reached with real ids in their path.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.actions import ACTION_CALLS
from tests.e2e.activities import ACTIVITY_CALLS
from tests.e2e.agreements import AGREEMENT_CALLS
from tests.e2e.alerts import ALERT_CALLS
from tests.e2e.cases import CASE_CALLS
from tests.e2e.channels import CHANNEL_CALLS
from tests.e2e.conflicts import CONFLICT_CALLS
from tests.e2e.contracts import CONTRACT_CALLS
from tests.e2e.custom_fields import CUSTOM_FIELD_CALLS
from tests.e2e.deals import DEAL_CALLS
from tests.e2e.disputes import DISPUTE_CALLS
from tests.e2e.forecasts import FORECAST_CALLS
from tests.e2e.holds import HOLD_CALLS
from tests.e2e.identity import IDENTITY_CALLS
from tests.e2e.imports import IMPORT_CALLS
from tests.e2e.incidents import INCIDENT_CALLS
from tests.e2e.indicators import INDICATOR_CALLS
from tests.e2e.kpis import KPI_CALLS
from tests.e2e.leads import LEAD_CALLS
from tests.e2e.operations import OPERATION_CALLS
from tests.e2e.opportunities import OPPORTUNITY_CALLS
from tests.e2e.orders import (
    allocate_example,
    confirmed,
    draft,
    order_body,
    orderable,
    paid_up,
    pay_example,
    payment,
    refund_example,
    release,
)
from tests.e2e.partners import PARTNER_CALLS
from tests.e2e.people import contact, contact_example, withdrawal
from tests.e2e.plans import PLAN_CALLS
from tests.e2e.points import POINTS_CALLS
from tests.e2e.promotions import PROMOTION_CALLS
from tests.e2e.quotes import QUOTE_CALLS
from tests.e2e.rebates import REBATE_CALLS
from tests.e2e.reconciling import RECONCILE_CALLS
from tests.e2e.register import REGISTER_CALLS
from tests.e2e.runs import RUN_CALLS
from tests.e2e.scores import SCORE_CALLS
from tests.e2e.segments import SEGMENT_CALLS
from tests.e2e.studies import STUDY_CALLS
from tests.e2e.surveys import SURVEY_CALLS
from tests.e2e.tables import TABLE_CALLS
from tests.e2e.territories import TERRITORY_CALLS
from tests.e2e.tiers import TIER_CALLS
from tests.e2e.treatments import TREATMENT_CALLS
from tests.e2e.units import UNIT_CALLS, unit
from tests.e2e.ways import How, account, acted, changed, created, lasting, ref, rows
from tests.e2e.world import World


def policy(world: World) -> str:
    """A draft of somebody else than the administrator, who may approve it."""
    made: str = world.make("/v1/risk-policies", world.example("POST /v1/risk-policies"), by="officer")["id"]
    return made


def approved_policy(world: World) -> str:
    made = policy(world)
    world.make(f"/v1/risk-policies/{made}/approve")
    return made


def order_example(world: World) -> httpx.Response:
    """The example credits two sellers, so it needs two; all of it is its own, whatever others did to theirs."""
    body = world.example("POST /v1/orders") | {"account_id": account(world)}
    sellers = [member(world) for _ in body["credits"]]
    asked = {"id[in]": ",".join(sellers)}
    world.until(lambda: len(world.get("/v1/sellers", **asked)["items"]) == len(sellers))
    for credit, seller in zip(body["credits"], sellers, strict=True):
        credit["member_id"] = seller
    body["lines"][0]["sku"] = orderable(world)
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


def member(world: World) -> str:
    made: str = world.make("/v1/members", world.example("POST /v1/members"))["id"]
    return made


def move_example(world: World) -> httpx.Response:
    body = world.example("POST /v1/members/{member_id}/move") | {"unit_id": unit(world)}
    return world.send("POST", f"/v1/members/{member(world)}/move", body)


def target(world: World) -> str:
    made: str = world.make("/v1/targets", world.example("POST /v1/targets"))["id"]
    return made


def target_policy(world: World) -> httpx.Response:
    """A version that holds long after the tests."""
    body = world.example("PUT /v1/target-policies")
    return world.send("PUT", "/v1/target-policies", body, headers={"If-Match": "*"})


def own_day(world: World) -> str:
    """A day of which the company may say what it is."""
    day: str = world.ids["calendar-days.date"][0]
    return day


def dashboard(world: World) -> httpx.Response:
    return world.send("GET", f"/v1/dashboards/sales?target_id={active_target(world)}")


def of_split(world: World, verb: str) -> httpx.Response:
    path = f"/v1/targets/{target(world)}/decompositions"
    made = world.make(path, world.example("POST /v1/targets/{target_id}/decompositions"))["id"]
    return world.send("POST", f"{path}/{made}/{verb}")


def marked(world: World) -> httpx.Response:
    path = f"/v1/targets/{target(world)}/decompositions"
    split = world.example("POST /v1/targets/{target_id}/decompositions")
    made = [world.make(path, split)["id"] for _ in range(2)]
    return world.send("POST", f"{path}/{made[1]}/mark-crediting")


def proposed_target(world: World) -> str:
    """A target of the director, which the administrator may approve."""
    made: str = world.make("/v1/targets", world.example("POST /v1/targets"), by="director")["id"]
    world.make(f"/v1/targets/{made}/propose", by="director")
    return made


def target_row(world: World) -> dict[str, Any]:
    """A target with an id that no other has."""
    return world.example("POST /v1/targets") | {"external_id": uuid4().hex}


def active_target(world: World) -> str:
    made: str = world.make("/v1/targets", lasting(world))["id"]
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


def price_book(world: World) -> str:
    made: str = world.make("/v1/price-books", world.example("POST /v1/price-books"))["id"]
    return made


def published_book(world: World) -> str:
    made = price_book(world)
    world.make(f"/v1/price-books/{made}/publish")
    return made


def entries_example(world: World) -> httpx.Response:
    """Its products are of a line that there is."""
    body = world.example("PUT /v1/price-books/{book_id}/entries")
    line = world.get("/v1/products", limit=1)["items"][0]["product_line"]
    path = f"/v1/price-books/{price_book(world)}"
    body = {"entries": [{**entry, "product_line": line} for entry in body["entries"]]}
    return world.send("PUT", f"{path}/entries", body, headers=world.etag(path))


def asked(world: World) -> dict[str, Any]:
    """What a competitor that nobody has seen yet asks."""
    return world.example("POST /v1/competitor-prices") | {"sku": world.ids["sku"][0], "competitor": uuid4().hex}


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


def transfer(world: World) -> httpx.Response:
    sellers = [item["id"] for item in world.get("/v1/sellers", limit=2, **{"valid_to[null]": "true"})["items"]]
    body = {"from": sellers[0], "to": sellers[1], "filter": "tag=nobody", "dry_run": True}
    answer = world.send("POST", "/v1/accounts/transfers", body)
    if answer.is_success:
        world.ids["transfer_id"] = [answer.json()["id"]]
    return answer


CALLS: dict[str, How] = {
    "POST /oauth/token": lambda world: world.http.post(
        "/oauth/token",
        data={"grant_type": "client_credentials", "client_id": "auditor", "client_secret": "crmesh-development"},
    ),
    "GET /v1/dashboards/sales": dashboard,
    # customer
    "POST /v1/accounts": created("/v1/accounts"),
    "POST /v1/accounts/batch": rows(
        "/v1/accounts/batch", lambda _: {"kind": "person", "name": "Row", "external_ids": {"scripted": uuid4().hex}}
    ),
    "PATCH /v1/accounts/{account_id}": changed("PATCH", "/v1/accounts/{account_id}", account),
    "POST /v1/accounts/{account_id}/transfer": acted("/v1/accounts/{account_id}/transfer", account),
    "POST /v1/accounts/transfers": transfer,
    "POST /v1/rule-sets": created("/v1/rule-sets"),
    "POST /v1/accounts/{account_id}/restore": acted("/v1/accounts/{account_id}/restore", account),
    "POST /v1/accounts/{account_id}/archive": acted("/v1/accounts/{account_id}/archive", account),
    "POST /v1/contacts": contact_example,
    "POST /v1/contacts/batch": rows(
        "/v1/contacts/batch",
        lambda world: {"account_id": account(world), "name": "Row", "external_ids": {"scripted": uuid4().hex}},
    ),
    "PATCH /v1/contacts/{contact_id}": changed("PATCH", "/v1/contacts/{contact_id}", contact),
    "POST /v1/contacts/{contact_id}/archive": acted("/v1/contacts/{contact_id}/archive", contact),
    "POST /v1/contacts/{contact_id}/restore": acted("/v1/contacts/{contact_id}/restore", contact),
    "POST /v1/contacts/{contact_id}/consents": acted("/v1/contacts/{contact_id}/consents", contact),
    "POST /v1/contacts/{contact_id}/consents/{consent_id}/withdraw": withdrawal,
    "POST /v1/exchange-rates": rate_example,
    "POST /v1/orders": order_example,
    "POST /v1/orders/batch": rows(
        "/v1/orders/batch", lambda world: order_body(world, account(world)) | {"external_id": ref(), "place": True}
    ),
    "PATCH /v1/orders/{order_id}": changed("PATCH", "/v1/orders/{order_id}", draft),
    "POST /v1/orders/{order_id}/place": acted("/v1/orders/{order_id}/place", draft),
    "POST /v1/orders/{order_id}/cancel": acted("/v1/orders/{order_id}/cancel", draft),
    "POST /v1/orders/{order_id}/fulfil": acted("/v1/orders/{order_id}/fulfil", confirmed),
    "POST /v1/orders/{order_id}/close": acted("/v1/orders/{order_id}/close", paid_up),
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
    "POST /v1/payments/{payment_id}/allocations": allocate_example,
    "POST /v1/payments/{payment_id}/void": acted("/v1/payments/{payment_id}/void", lambda world: payment(world)[0]),
    "POST /v1/payments/{payment_id}/refunds": refund_example,
    # targets
    "POST /v1/members": created("/v1/members"),
    "POST /v1/members/batch": rows("/v1/members/batch", lambda world: world.example("POST /v1/members")),
    "POST /v1/members/{member_id}/link": acted("/v1/members/{member_id}/link", member),
    "PUT /v1/roles/{role}": changed("PUT", "/v1/roles/{role}", lambda _world: "sales_rep"),
    "POST /v1/members/{member_id}/move": move_example,
    "POST /v1/members/{member_id}/leave": acted("/v1/members/{member_id}/leave", member),
    "POST /v1/members/{member_id}/change-role": acted("/v1/members/{member_id}/change-role", member),
    "PUT /v1/calendar-days/{date}": changed("PUT", "/v1/calendar-days/{date}", own_day),
    "POST /v1/calendar-days/{date}/reset": acted("/v1/calendar-days/{date}/reset", own_day),
    "PUT /v1/target-policies": target_policy,
    "POST /v1/targets": created("/v1/targets"),
    "PATCH /v1/targets/{target_id}": changed("PATCH", "/v1/targets/{target_id}", target),
    "POST /v1/targets/batch": rows("/v1/targets/batch", target_row),
    "POST /v1/targets/{target_id}/propose": acted("/v1/targets/{target_id}/propose", target),
    "POST /v1/targets/{target_id}/approve": acted("/v1/targets/{target_id}/approve", proposed_target),
    "POST /v1/targets/{target_id}/reject": acted("/v1/targets/{target_id}/reject", proposed_target),
    "POST /v1/targets/{target_id}/withdraw": acted("/v1/targets/{target_id}/withdraw", proposed_target),
    "POST /v1/targets/{target_id}/activate": acted("/v1/targets/{target_id}/activate", target),
    "POST /v1/targets/{target_id}/close": acted("/v1/targets/{target_id}/close", active_target),
    "POST /v1/targets/{target_id}/decompositions": acted("/v1/targets/{target_id}/decompositions", target),
    "POST /v1/targets/{target_id}/decompositions/{decomposition_id}/mark-crediting": marked,
    "POST /v1/targets/{target_id}/decompositions/{decomposition_id}/recompute": partial(of_split, verb="recompute"),
    "POST /v1/targets/{target_id}/decompositions/{decomposition_id}/retire": partial(of_split, verb="retire"),
    "PUT /v1/targets/{target_id}/strategy": changed("PUT", "/v1/targets/{target_id}/strategy", target),
    "POST /v1/targets/{target_id}/commits": acted("/v1/targets/{target_id}/commits", target),
    "POST /v1/targets/{target_id}/cascades": acted("/v1/targets/{target_id}/cascades", target),
    "POST /v1/attainment/rebuilds": rebuild,
    # channels
    "POST /v1/products": created("/v1/products"),
    "POST /v1/products/batch": rows("/v1/products/batch", lambda world: world.example("POST /v1/products")),
    "PATCH /v1/products/{product_id}": changed("PATCH", "/v1/products/{product_id}", product),
    "POST /v1/price-books": created("/v1/price-books"),
    "PATCH /v1/price-books/{book_id}": changed("PATCH", "/v1/price-books/{book_id}", price_book),
    "PUT /v1/price-books/{book_id}/entries": entries_example,
    "POST /v1/price-books/{book_id}/publish": acted("/v1/price-books/{book_id}/publish", price_book),
    "POST /v1/price-books/{book_id}/revise": acted("/v1/price-books/{book_id}/revise", published_book),
    "POST /v1/competitor-prices": lambda world: world.send("POST", "/v1/competitor-prices", asked(world)),
    "POST /v1/competitor-prices/batch": rows("/v1/competitor-prices/batch", asked),
    "POST /v1/product-costs": lambda world: world.send("POST", "/v1/product-costs", cost(world)),
    "POST /v1/product-costs/batch": rows("/v1/product-costs/batch", cost),
    "POST /v1/partners": created("/v1/partners"),
    "POST /v1/partners/batch": rows("/v1/partners/batch", lambda world: world.example("POST /v1/partners")),
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
    **CHANNEL_CALLS,
    **CONTRACT_CALLS,
    **DISPUTE_CALLS,
    **HOLD_CALLS,
    **SCORE_CALLS,
    **INCIDENT_CALLS,
    **ACTIVITY_CALLS,
    **OPPORTUNITY_CALLS,
    **LEAD_CALLS,
    **SEGMENT_CALLS,
    **CUSTOM_FIELD_CALLS,
    **IMPORT_CALLS,
    **IDENTITY_CALLS,
    **RUN_CALLS,
    **TABLE_CALLS,
    **RECONCILE_CALLS,
    **PLAN_CALLS,
    **ACTION_CALLS,
    **FORECAST_CALLS,
    **CASE_CALLS,
    **SURVEY_CALLS,
    **POINTS_CALLS,
    **PROMOTION_CALLS,
    **AGREEMENT_CALLS,
    **ALERT_CALLS,
    **KPI_CALLS,
    **TERRITORY_CALLS,
    **DEAL_CALLS,
    **CONFLICT_CALLS,
    **TIER_CALLS,
    **PARTNER_CALLS,
    **QUOTE_CALLS,
    **REBATE_CALLS,
    **REGISTER_CALLS,
    **INDICATOR_CALLS,
    **STUDY_CALLS,
    **TREATMENT_CALLS,
    **UNIT_CALLS,
    **OPERATION_CALLS,
}
