"""A service that gives no answers is left alone, tried again, and harms nobody else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import uvicorn

from gateway.app import create_app
from gateway.breaker import Breaker, Lane
from gateway.issuer import DevelopmentIssuer
from gateway.routes import Route, RouteTable
from gateway.server import server_config
from gateway.settings import GatewaySettings
from gateway.upstream import HttpUpstream
from tests.gateway.conftest import EchoService, plain_config, serving, until


class Clock:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def outcomes(breaker: Breaker, answers: int, failures: int) -> None:
    for has_answered in [True] * answers + [False] * failures:
        assert breaker.allows()
        breaker.settle(has_answered)


def test_opens_when_half_of_enough_calls_fail() -> None:
    breaker = Breaker(minimum=20, now=Clock())
    outcomes(breaker, 0, 19)
    assert not breaker.is_open
    outcomes(breaker, 0, 1)
    assert breaker.is_open
    assert not breaker.allows()
    steady = Breaker(minimum=20, now=Clock())
    outcomes(steady, 100, 99)
    assert not steady.is_open


def test_old_outcomes_are_forgotten() -> None:
    clock = Clock()
    breaker = Breaker(minimum=20, now=clock)
    outcomes(breaker, 1000, 0)
    clock.at += 5
    outcomes(breaker, 0, 25)
    assert not breaker.is_open
    clock.at += 11
    outcomes(breaker, 0, 20)
    assert breaker.is_open


def test_one_probe_at_a_time_decides() -> None:
    clock = Clock()
    breaker = Breaker(minimum=1, open_seconds=1, now=clock)
    outcomes(breaker, 0, 1)
    clock.at += 0.9
    assert not breaker.allows()
    clock.at += 0.2
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.settle(False)
    assert not breaker.allows()
    clock.at += 1
    assert breaker.allows()
    breaker.settle(None)
    assert breaker.allows(), "a probe whose client left gives its turn to the next"
    breaker.settle(True)
    assert not breaker.is_open
    assert [breaker.allows() for _ in range(3)] == [True] * 3


def test_lane_has_so_many_places() -> None:
    lane = Lane(2)
    assert [lane.enter() for _ in range(3)] == [True, True, False]
    lane.leave()
    assert [lane.enter(), lane.enter()] == [True, False]


NAMES = ("customer", "targets", "channels", "risk")


class Four:
    """Four services on real sockets behind one gateway; `risk` can be taken away and brought back."""

    def __init__(self, stack: AsyncExitStack, client: httpx.AsyncClient, app: Any, ports: dict[str, int]) -> None:
        self.stack, self.client, self.app, self.ports = stack, client, app, ports
        self.services = {name: EchoService() for name in NAMES}
        self.risk: AsyncExitStack | None = None

    async def bring_risk(self, service: Any = None) -> None:
        config = plain_config(service or self.services["risk"])
        config.timeout_graceful_shutdown = 1
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        listener = socket.create_server(("127.0.0.1", self.ports["risk"]))
        await server.startup(sockets=[listener])
        self.risk = AsyncExitStack()
        self.risk.push_async_callback(server.shutdown, sockets=[listener])

    async def take_risk_away(self) -> None:
        assert self.risk is not None
        await self.risk.aclose()
        self.risk = None

    async def statuses(self, name: str, count: int, path: str = "echo") -> list[int]:
        answers = await asyncio.gather(*(self.client.get(f"/v1/{name}/{path}") for _ in range(count)))
        return [answer.status_code for answer in answers]


@pytest.fixture
async def four(settings: GatewaySettings, issuer: DevelopmentIssuer) -> AsyncIterator[Four]:
    async with AsyncExitStack() as stack:
        ports, services = {}, {name: EchoService() for name in NAMES}
        for name in NAMES[:3]:
            _, ports[name] = await stack.enter_async_context(serving(plain_config(services[name])))
        with socket.create_server(("127.0.0.1", 0)) as free:
            ports["risk"] = free.getsockname()[1]
        upstreams = {name: HttpUpstream(f"http://127.0.0.1:{port}") for name, port in ports.items()}
        table = RouteTable([Route(f"/v1/{name}", name, f"/v1/{name}", 3.0) for name in NAMES])
        small = settings.model_copy(update={"upstream_max_in_flight": 30})
        app = create_app(small, upstreams, issuer=issuer, routes=table)
        host, port = await stack.enter_async_context(serving(server_config(app)))
        headers = {"Authorization": f"Bearer {issuer.token('rep-07')}"}
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://{host}:{port}", headers=headers, timeout=10)
        )
        four = Four(stack, client, app, ports)
        four.services = services
        await four.bring_risk()
        yield four
        if four.risk is not None:
            await four.take_risk_away()


async def test_three_services_go_on_when_the_fourth_is_down(four: Four) -> None:
    assert await four.statuses("risk", 5) == [200] * 5
    await four.take_risk_away()
    for _ in range(3):
        assert set(await four.statuses("risk", 15)) == {503}
        for name in NAMES[:3]:
            assert await four.statuses(name, 15) == [200] * 15
    breaker = four.app.proxy.lanes["risk"].breaker
    assert breaker.is_open
    refused = await four.client.get("/v1/risk/echo")
    assert (refused.json()["code"], refused.headers["retry-after"]) == ("upstream-unavailable", "1")
    await four.bring_risk()
    await until(lambda: breaker._now() - (breaker._opened_at or 0) > 1.1)
    assert await four.statuses("risk", 1) == [200], "the probe"
    assert await four.statuses("risk", 15) == [200] * 15


async def test_a_service_that_hangs_takes_its_own_places_only(four: Four) -> None:
    hanging = asyncio.create_task(four.statuses("risk", 40, "hang"))
    await until(lambda: len(four.services["risk"].calls) >= 30)
    busy = await four.client.get("/v1/risk/echo")
    assert (busy.status_code, busy.json()["code"]) == (503, "overloaded")
    for name in NAMES[:3]:
        assert await four.statuses(name, 10) == [200] * 10
    assert sorted(await hanging) == [503] * 10 + [504] * 30
    assert four.app.proxy.lanes["risk"].breaker.is_open, "30 timeouts"


async def test_refusals_of_the_service_do_not_open_its_breaker(four: Four) -> None:
    for _ in range(3):
        assert set(await four.statuses("customer", 20, "early")) == {422}
    assert not four.app.proxy.lanes["customer"].breaker.is_open


async def test_clients_that_leave_do_not_open_the_breaker_and_give_their_places_back(four: Four) -> None:
    calls = [asyncio.create_task(four.client.get("/v1/customer/hang")) for _ in range(25)]
    await until(lambda: len(four.services["customer"].calls) == 25)
    await asyncio.sleep(0.1)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    lane = four.app.proxy.lanes["customer"]
    await until(lambda: lane.in_flight == 0)
    assert not lane.breaker.is_open
