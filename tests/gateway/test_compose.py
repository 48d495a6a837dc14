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
from gateway.compose.parts import Source
from gateway.issuer import DevelopmentIssuer
from gateway.settings import GatewaySettings
from tests.gateway.test_me import system

ACCOUNT, ROOT = "0190a3b0-0000-7000-8000-000000000010", "0190a3b0-0000-7000-8000-000000000011"
TARGET = "0190a3b0-0000-7000-8000-000000000012"
SALES = f"/v1/dashboards/sales?target_id={TARGET}"
WHOLE = f"/v1/customers/{ACCOUNT}/360"
OF_TARGET = dashboards.SOURCES
SOURCES = {
    each.path.format(account_id=ACCOUNT, target_id=TARGET): each
    for each in (*customers.SOURCES, *OF_TARGET)
    if not each.whole
}
PARTS_OF_ACCOUNT = [name for source in customers.SOURCES for name in source.parts]
PARTS_OF_TARGET = [name for source in OF_TARGET for name in source.parts]
Answers = dict[str, Any]


def overview(source: Source, parts: Answers) -> Answers:
    """What a service answers: its parts, those that are not given with nothing in them."""
    return {name: {"state": "ok", "reason": None, "data": {}} | parts.get(name, {}) for name in source.parts}


def service(
    parts: Answers | None = None,
    answer: tuple[int, Any] | None = None,
    delay: float = 0.0,
    together: asyncio.Barrier | None = None,
    others: Answers | None = None,
) -> ASGIApp:
    """Answers overviews with their parts, other paths with their body of `others`, else with their query; all with
    `answer`, a status and a body, where that is given. With `together` only once all others were asked too."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["method"] == "GET"
        source, query = SOURCES.get(scope["path"]), dict(parse_qsl(scope["query_string"].decode()))
        body = overview(source, parts or {}) if source else (others or {}).get(scope["path"], query)
        status, body = answer or (200, body)
        headers = [(b"location", f"/v1/accounts/{ROOT}/overview".encode())] if status == 307 else []
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


async def test_services_are_asked_once_side_by_side_and_each_part_answers_for_itself(
    settings: GatewaySettings, issuer: DevelopmentIssuer
) -> None:
    together = asyncio.Barrier(2)
    parts = {
        "account": {"data": {"id": ACCOUNT}},
        "cases": {"state": "refused", "reason": "forbidden", "data": None},
        "grade": {"state": "absent", "reason": "account-grade-not-found", "data": None},
    }
    apps = {
        "customer": service(parts, together=together),
        "risk": service(together=together),
        "channels": None,
        "targets": service(),
    }
    async with system(settings, issuer, "http", **apps) as client:
        answer = await read(client, WHOLE)
    assert answer.status_code == 200, answer.text
    others = {"cases": "refused", "grade": "absent", **dict.fromkeys(("quotes", "points"), "unavailable")}
    assert states(answer) == dict.fromkeys(PARTS_OF_ACCOUNT, "ok") | others
    body = answer.json()
    assert body["account"] == {"state": "ok", "reason": None, "data": {"id": ACCOUNT}}
    assert body["cases"] == parts["cases"]
    assert body["quotes"] == {"state": "unavailable", "reason": "upstream-unavailable", "data": None}


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (problem(500, "internal"), "unavailable", "internal"),
        (problem(503, "projection-building"), "unavailable", "projection-building"),
        (problem(403, "forbidden"), "refused", "forbidden"),
        # it is of the release before, and knows no overviews
        (problem(404, "not-found"), "unavailable", "upstream-unavailable"),
        ((200, {"account_id": ACCOUNT}), "unavailable", "upstream-unavailable"),
    ],
)
async def test_a_service_that_fails_as_a_whole_costs_its_parts_alone(
    settings: GatewaySettings, issuer: DevelopmentIssuer, answer: tuple[int, Any], state: str, reason: str
) -> None:
    apps = {"customer": service(), "risk": service(answer=answer), "channels": service()}
    async with system(settings, issuer, "asgi", **apps) as client:
        found = await read(client, WHOLE)
    expected = dict.fromkeys(PARTS_OF_ACCOUNT, "ok") | dict.fromkeys(customers.RISK.parts, state)
    assert (found.status_code, states(found)) == (200, expected)
    assert {found.json()[name]["reason"] for name in customers.RISK.parts} == {reason}


async def test_a_service_that_hangs_costs_its_parts_alone(
    settings: GatewaySettings, issuer: DevelopmentIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "SECONDS", 0.4)
    apps = {"customer": service(), "risk": service(delay=30.0), "channels": service(), "targets": service()}
    async with system(settings, issuer, "asgi", **apps) as client:
        answer = await read(client, WHOLE)
    expected = dict.fromkeys(PARTS_OF_ACCOUNT, "ok") | dict.fromkeys(customers.RISK.parts, "unavailable")
    assert (answer.status_code, states(answer)) == (200, expected)


@pytest.mark.parametrize(("status", "code"), [(404, "account-not-found"), (403, "forbidden")])
async def test_without_the_account_there_is_no_customer(
    settings: GatewaySettings, issuer: DevelopmentIssuer, status: int, code: str
) -> None:
    customer = service(answer=problem(status, code))
    async with system(settings, issuer, "asgi", customer=customer, risk=service(), channels=service()) as client:
        answer = await read(client, WHOLE)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        odd = await read(client, "/v1/customers/nobody/360")
        assert (odd.status_code, odd.json()["errors"][0]["pointer"]) == (422, "account_id")


async def test_a_merged_account_leads_to_its_root(settings: GatewaySettings, issuer: DevelopmentIssuer) -> None:
    customer = service(answer=(307, {"merged_into": ROOT}))
    async with system(settings, issuer, "http", customer=customer) as client:
        answer = await client.get(WHOLE, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, f"/v1/customers/{ROOT}/360")


async def test_the_etag_is_that_of_all_parts(settings: GatewaySettings, issuer: DevelopmentIssuer) -> None:
    exposure: dict[str, Any] = {"use": 1}
    risk = service({"exposure": {"data": exposure}})
    async with system(settings, issuer, "asgi", customer=service(), risk=risk, channels=service()) as client:
        tag = (await read(client, WHOLE)).headers["etag"]
        again = await read(client, WHOLE, **{"If-None-Match": f'"x", {tag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        exposure["use"] = 2
        changed = await read(client, WHOLE, **{"If-None-Match": tag})
        assert (changed.status_code, changed.headers["etag"] == tag) == (200, False)
        refused = await read(client, WHOLE, Authorization="Bearer x")
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


def sales(forecast: Answers, adjustment: Answers) -> dict[str, ASGIApp | None]:
    target = {"id": TARGET, "period_start": "2026-01-01", "period_end": "2026-12-31"}
    base = {"period_end": "2026-12-31", "as_of": "2026-10-02", "currency": "USD", "p50": 1_000_000}
    known = {"insufficient_data": False, "horizon_months": 12, "currency": "USD", "expected_loss": 73_001}
    return {
        "targets": service({"target": {"data": target}, "forecast": {"data": base | forecast}}),
        "risk": service(others={"/v1/target-adjustments": known | adjustment}),
        "customer": service(),
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
    assert states(answer) == dict.fromkeys(PARTS_OF_TARGET, "ok")


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
        await service()(scope, receive, send)

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
    async with system(settings, issuer, "asgi", customer=service()) as client:
        for path in ("/v1/customers/nobody/360", "/v1/dashboards/sales", "/v1/dashboards/sales?target_id=x"):
            refused = await read(client, path, Authorization="Bearer x")
            assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("path", [WHOLE, SALES, "/v1/me", "/docs", "/openapi.json", "/.well-known/jwks.json"])
async def test_what_a_route_does_not_know_is_refused_by_its_name(
    settings: GatewaySettings, issuer: DevelopmentIssuer, path: str
) -> None:
    apps = sales({}, {}) | {"channels": service()}
    async with system(settings, issuer, "asgi", **apps) as client:
        assert path == "/v1/me" or (await read(client, path)).status_code == 200
        answer = await read(client, f"{path}{'&' if '?' in path else '?'}colour=red&size=2")
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-query")
        found = [(one["pointer"], one["code"]) for one in answer.json()["errors"]]
        assert found == [("colour", "unknown-parameter"), ("size", "unknown-parameter")]
        if path.startswith("/v1/"):
            stranger = await read(client, f"{path}{'&' if '?' in path else '?'}colour=red", Authorization="Bearer x")
            assert stranger.status_code == 401
