"""Plans of diversification by what exposures are counted by, on real orders."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.customer.events_out.orders import LINE
from tests.risk.conftest import Days, Order, account_created, payment
from tests.risk.studies.runs import run, scenario, study
from tests.risk.treatments.plans import act, planned
from tests.risk.treatments.test_router import simulated

NETS = (600_000, 300_000, 100_000)
PARTIES = tuple(new_id() for _ in NETS)


async def sold(service: ServiceHarness, names: tuple[Any, ...], field: str, on: str = "2026-02-14") -> list[Order]:
    """An order for each name, of an account, a partner, a region, a channel or a product line of that name."""
    orders = []
    for name, net in zip(names, NETS, strict=True):
        order = Order(name if field == "account_id" else new_id(), net)
        line = {**LINE, "net_base": net, "product_line": name if field == "product_line" else "rock"}
        more = {field: name} if field in ("partner_id", "region", "channel_id") else {}
        await service.deliver(account_created(order.account_id))
        await service.deliver(order.placed(), order.confirmed(on, net_base=net, lines=[line], **more))
        orders.append(order)
    return orders


@pytest.mark.parametrize(
    ("dimension", "field", "names"),
    [
        ("account", "account_id", PARTIES),
        ("partner", "partner_id", PARTIES),
        ("region", "region", ("CN-BJ", "CN-SH", "CN-GD")),
        ("channel", "channel_id", PARTIES),
        ("product_line", "product_line", ("rock", "jazz", "folk")),
    ],
)
async def test_concentration_by_every_dimension_before_and_at_the_completion(
    service: ServiceHarness, days: Days, dimension: str, field: str, names: tuple[Any, ...]
) -> None:
    """600, 300 and 100 thousand are 4,600; to five of 200 they are 2,000, and the mean stays."""
    days.on(date(2026, 2, 20))
    orders = await sold(service, names, field)
    plan = [{"key": f"N-{number}", "share": 200_000} for number in range(5)]
    path = await planned(service, response="diversify", effect={"dimension": dimension, "plan": plan})
    per_object = {
        "frequency": {"kind": "per_object", "hazard": 0.1, "dimension": dimension},
        "severity": {"kind": "exposure_share", "dimension": dimension, "loss_rate": 0.45},
    }
    await scenario(service, risk_id=(await service.get(path)).json()["risk_id"], **per_object)
    found = (await simulated(service, path, trials=20_000))["results"]
    assert (found["hhi_before"], found["hhi_after"]) == (4_600, 2_000)
    for side in ("before", "after"):
        assert abs(found[side]["expected_loss"] - 45_000) <= 4 * found[side]["standard_error"]
    days.on(date(2026, 2, 21))
    await _gone(service, orders[0], dimension)
    assert (await act(service, path, "approve", "start", "complete"))["hhi_reached"] == 6_250, "300 and 100"


async def _gone(service: ServiceHarness, order: Order, dimension: str) -> None:
    """The largest owes nothing more, or has sold nothing after all."""
    if dimension in ("account", "partner", "region"):
        await service.deliver(payment(order.account_id, (order, order.gross)))
        return
    name = {"channel": {"channel_id": PARTIES[0]}, "product_line": {}}[dimension]
    line = {"product_line": "rock", "net_base": -order.gross, "line_no": 1, "sku": "CD-ROCK", "quantity": 1}
    amounts = dict.fromkeys(("net", "tax", "gross", "tax_base", "gross_base"), 0)
    cumulative = dict.fromkeys(
        ("returned_before", "returned_after", "returned_net_base_before", "returned_net_base_after"), 0
    )
    lines = [{**line, **amounts, **cumulative}]
    told = order.returned(
        order.gross, return_net_base=-order.gross, return_date="2026-02-20", returned_lines=lines, **name
    )
    await service.deliver(told)


async def test_a_study_runs_with_regions_as_they_were(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 2, 20))
    await sold(service, ("CN-BJ", "CN-SH", "CN-GD"), "region")
    per_region = {
        "frequency": {"kind": "per_object", "hazard": 0.5, "dimension": "region"},
        "severity": {"kind": "exposure_share", "dimension": "region", "loss_rate": 1},
    }
    each = await scenario(service, **per_region)
    await run(service, await study(service, each))
    ((row),) = await service.rows("SELECT region_exposures, account_exposures FROM study_run")
    assert sorted(row["region_exposures"]) == sorted(NETS)
    assert list(row["account_exposures"]) == []
