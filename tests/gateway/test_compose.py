"""Answers composed of several services: parts that answer, refuse, fail, hang or are gone."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl

import httpx
import orjson
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.compose import calls, customers, dashboards
from gateway.issuer import DevelopmentIssuer
from gateway.settings import GatewaySettings
from tests.gateway.test_me import system

ACCOUNT, ROOT = "0190a3b0-0000-7000-8000-000000000010", "0190a3b0-0000-7000-8000-000000000011"
TARGET = "0190a3b0-0000-7000-8000-000000000012"
SALES = f"/v1/dashboards/sales?target_id={TARGET}"
Answers = dict[str, Any]


def service(answers: Answers, delay: float = 0.0, together: asyncio.Barrier | None = None) -> ASGIApp:
    """Answers GET by path: a status with a body, or a body; other paths with their query. With `together` only once
    all other parts were asked for too."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["method"] == "GET"
        query = dict(parse_qsl(scope["query_string"].decode()))
        found = answers.get(scope["path"], query)
        status, body = found if isinstance(found, tuple) else (200, found)
        headers = [(b"location", f"/v1/accounts/{ROOT}".encode())] if status == 307 else []
        await receive()
        await asyncio.sleep(delay)
        if together is not None:
            await together.wait()
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": orjson.dumps(body)})

    return app


def problem(status: int, code: str) -> tuple[int, dict[str, Any]]:
    return status, {"code": code, "status": status}


async def read(client: httpx.AsyncClient, path: str, **headers: str) -> httpx.Response:
    return await client.get(path, headers=headers)


def states(answer: httpx.Response) -> dict[str, str]:
    body = answer.json()
    return {name: part["state"] for name, part in body.items() if isinstance(part, dict) and "state" in part}


async def test_parts_are_asked_side_by_side_and_each_answers_for_itself(
    settings: GatewaySettings, issuer: DevelopmentIssuer
) -> None:
    together = asyncio.Barrier(sum(part.service != "channels" for part in customers.PARTS.values()))
    customer = {
        f"/v1/accounts/{ACCOUNT}": {"id": ACCOUNT},
        "/v1/cases": problem(403, "forbidden"),
        f"/v1/accounts/{ACCOUNT}/grade": problem(404, "account-grade-not-found"),
        "/v1/orders": problem(500, "internal"),
    }
    apps = {
        "customer": service(customer, together=together),
        "risk": service({}, together=together),
        "channels": None,
        "targets": service({}),
    }
    async with system(settings, issuer, "http", **apps) as client:
        answer = await read(client, f"/v1/customers/{ACCOUNT}/360")
    assert answer.status_code == 200, answer.text
    others = {
        "cases": "refused",
        "grade": "absent",
        **dict.fromkeys(("open_orders", "quotes", "points"), "unavailable"),
    }
    assert states(answer) == dict.fromkeys(customers.PARTS, "ok") | others
    body = answer.json()
    assert body["account"] == {"state": "ok", "reason": None, "data": {"id": ACCOUNT}}
    assert body["cases"] == {"state": "refused", "reason": "forbidden", "data": None}
    assert body["quotes"]["reason"] == "upstream-unavailable"
    assert body["receivables"]["data"] == {
        "account_id": ACCOUNT,
        "open[gt]": "0",
        "sort": "due_on",
        "limit": "20",
    }


async def test_a_service_that_hangs_costs_its_parts_alone(
    settings: GatewaySettings, issuer: DevelopmentIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "SECONDS", 0.4)
    apps = {"customer": service({}), "risk": service({}, 30.0), "channels": service({}), "targets": service({})}
    async with system(settings, issuer, "asgi", **apps) as client:
        answer = await read(client, f"/v1/customers/{ACCOUNT}/360")
    expected = {name: "unavailable" if source.service == "risk" else "ok" for name, source in customers.PARTS.items()}
    assert (answer.status_code, states(answer)) == (200, expected)


@pytest.mark.parametrize(("status", "code"), [(404, "account-not-found"), (403, "forbidden")])
async def test_without_the_account_there_is_no_customer(
    settings: GatewaySettings, issuer: DevelopmentIssuer, status: int, code: str
) -> None:
    customer = service({f"/v1/accounts/{ACCOUNT}": problem(status, code)})
    async with system(settings, issuer, "asgi", customer=customer, risk=service({}), channels=service({})) as client:
        answer = await read(client, f"/v1/customers/{ACCOUNT}/360")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        odd = await read(client, "/v1/customers/nobody/360")
        assert (odd.status_code, odd.json()["errors"][0]["pointer"]) == (422, "account_id")


async def test_a_merged_account_leads_to_its_root(settings: GatewaySettings, issuer: DevelopmentIssuer) -> None:
    customer = service({f"/v1/accounts/{ACCOUNT}": (307, {"merged_into": ROOT})})
    async with system(settings, issuer, "http", customer=customer) as client:
        answer = await client.get(f"/v1/customers/{ACCOUNT}/360", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, f"/v1/customers/{ROOT}/360")


async def test_the_etag_is_that_of_all_parts(settings: GatewaySettings, issuer: DevelopmentIssuer) -> None:
    exposure: dict[str, Any] = {"use": 1}
    risk = service({f"/v1/exposures/{ACCOUNT}": exposure})
    async with system(settings, issuer, "asgi", customer=service({}), risk=risk, channels=service({})) as client:
        path = f"/v1/customers/{ACCOUNT}/360"
        tag = (await read(client, path)).headers["etag"]
        again = await read(client, path, **{"If-None-Match": f'"x", {tag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        exposure["use"] = 2
        changed = await read(client, path, **{"If-None-Match": tag})
        assert (changed.status_code, changed.headers["etag"] == tag) == (200, False)
        refused = await read(client, path, Authorization="Bearer x")
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


def sales(forecast: Answers, adjustment: Answers) -> dict[str, ASGIApp | None]:
    target = {"id": TARGET, "period_start": "2026-01-01", "period_end": "2026-12-31"}
    base = {"period_end": "2026-12-31", "as_of": "2026-10-02", "currency": "USD", "p50": 1_000_000}
    known = {"insufficient_data": False, "horizon_months": 12, "currency": "USD", "expected_loss": 73_001}
    return {
        "targets": service({f"/v1/targets/{TARGET}": target, "/v1/forecasts": base | forecast}),
        "risk": service({"/v1/target-adjustments": known | adjustment}),
        "customer": service({}),
    }


@pytest.mark.parametrize(
    ("forecast", "adjustment", "expected"),
    [
        # 90 days of 365 are left: 73,001 x 90 / 365 = 18,000.2466
        ({}, {}, {"p50": 982_000, "expected_loss": 73_001, "days_left": 90, "horizon_days": 365}),
        ({}, {"horizon_months": 24}, {"p50": 991_000, "expected_loss": 73_001, "days_left": 90, "horizon_days": 730}),
        ({"as_of": "2027-01-05"}, {}, {"p50": 1_000_000, "expected_loss": 73_001, "days_left": 0, "horizon_days": 365}),
        ({"p50": None}, {}, {"p50": None, "expected_loss": 73_001, "days_left": 90, "horizon_days": 365}),
        ({"currency": "CNY"}, {}, {"p50": None, "expected_loss": 73_001, "days_left": 90, "horizon_days": 365}),
        (
            {},
            {"insufficient_data": True, "horizon_months": None},
            {"p50": None, "expected_loss": None, "days_left": 90, "horizon_days": None},
        ),
    ],
)
async def test_what_risk_takes_off_the_forecast(
    settings: GatewaySettings, issuer: DevelopmentIssuer, forecast: Answers, adjustment: Answers, expected: Answers
) -> None:
    async with system(settings, issuer, "asgi", **sales(forecast, adjustment)) as client:
        answer = await read(client, SALES)
    assert answer.status_code == 200, answer.text
    assert answer.json()["risk_adjusted"] == expected
    assert answer.json()["funnel"]["data"] == {"from": "2026-01-01", "to": "2026-12-31"}
    assert states(answer) == dict.fromkeys(dashboards.PARTS | dashboards.FUNNEL, "ok")


async def test_a_dashboard_without_targets_or_risk(settings: GatewaySettings, issuer: DevelopmentIssuer) -> None:
    apps = sales({}, {}) | {"risk": None}
    async with system(settings, issuer, "http", **apps) as client:
        answer = await read(client, SALES)
        gone = {name for name, state in states(answer).items() if state == "unavailable"}
        assert (answer.status_code, gone) == (200, {"adjustment", "alerts", "ageing"})
        assert answer.json()["risk_adjusted"]["p50"] is None
    async with system(settings, issuer, "http", **apps | {"targets": None}) as client:
        answer = await read(client, SALES)
        assert (answer.status_code, set(states(answer).values())) == (200, {"unavailable"})
        nothing = await read(client, "/v1/dashboards/sales")
        assert (nothing.status_code, nothing.json()["errors"][0]["pointer"]) == (400, "target_id")


async def test_a_dashboard_has_one_deadline(settings: GatewaySettings, issuer: DevelopmentIssuer) -> None:
    """The funnel waits for the target, and has what that leaves of the time."""
    left: list[int] = []

    async def customer(scope: Scope, receive: Receive, send: Send) -> None:
        left.append(int(dict(scope["headers"])[b"x-request-timeout-ms"]))
        await service({})(scope, receive, send)

    apps = sales({}, {})
    quick = apps["targets"]
    assert quick is not None

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.5)
        await quick(scope, receive, send)

    async with system(settings, issuer, "asgi", **apps | {"targets": slow, "customer": customer}) as client:
        answer = await read(client, SALES)
    assert (answer.status_code, answer.json()["funnel"]["state"]) == (200, "ok")
    assert len(left) == 1
    assert 0 < left[0] <= 1000 * calls.SECONDS - 500


async def test_who_calls_is_asked_before_what(settings: GatewaySettings, issuer: DevelopmentIssuer) -> None:
    async with system(settings, issuer, "asgi", customer=service({})) as client:
        for path in ("/v1/customers/nobody/360", "/v1/dashboards/sales", "/v1/dashboards/sales?target_id=x"):
            refused = await read(client, path, Authorization="Bearer x")
            assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
