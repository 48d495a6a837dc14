"""How operations on forecasts succeed."""

from __future__ import annotations

import httpx

from tests.e2e.ways import How
from tests.e2e.world import World


def backtest(world: World) -> httpx.Response:
    """A backtest that has ended."""
    answer = world.send("POST", "/v1/forecasts/backtests", world.example("POST /v1/forecasts/backtests"))
    if answer.is_success:
        world.ids["backtest_id"] = [answer.json()["id"]]
        path = f"/v1/forecasts/backtests/{answer.json()['id']}"
        world.until(lambda: world.get(path)["state"] in ("succeeded", "failed"))
    return answer


def forecast(world: World) -> httpx.Response:
    """Of a month."""
    return world.send("GET", "/v1/forecasts", params={"from": "2026-01-01", "to": "2026-01-31"})


FORECAST_CALLS: dict[str, How] = {
    "GET /v1/forecasts": forecast,
    "POST /v1/forecasts/backtests": backtest,
}
