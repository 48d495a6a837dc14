"""Every measure of the catalogue, by every dimension that it has, over what customer tells of one account."""

from __future__ import annotations

from typing import Any

import pytest

from kit.ids import new_id
from kit.testing.service import make_event
from services.channels.events_out.channels import ChannelChanged
from services.targets.kpis.enums import KpiDimension, KpiMeasure
from services.targets.kpis.measures import MEASURES
from tests.targets.conftest import told_of
from tests.targets.kpis.conftest import Book
from tests.targets.kpis.test_core import FEBRUARY, costed

M = KpiMeasure
EXPECTED = {
    **{M.SIGNED_AMOUNT: 100, M.REVENUE: 60, M.REVENUE_BEFORE: 30, M.REVENUE_CHANGE: 30, M.REVENUE_YEAR_CHANGE: 60},
    **{M.GROSS_MARGIN: 24, M.COSTED_REVENUE: 60, M.DUE_AMOUNT: 60, M.ORDERS: 1_000, M.CUSTOMERS: 1_000},
    **{M.NEW_CUSTOMERS: 1_000, M.HEADS: 4_000, M.SPEND: 28_000, M.VISITS: 1_000, M.MATURE_VISITS: 1_000},
    **{M.WON_OPPORTUNITIES: 1_000, M.CLOSED_OPPORTUNITIES: 1_000, M.WON_AMOUNT: 900, M.WON_CYCLES: 1_000},
    **{M.WON_CYCLE_DAYS: 19_000, M.NPS_ANSWERS: 1_000, M.NPS_BALANCE: 1_000, M.SCORED_ANSWERS: 1_000},
    **{M.SATISFACTION_POINTS: 90_000, M.ACTIVE_CUSTOMERS: 1_000, M.LEADS: 1_000, M.CLOSED_LEADS: 1_000},
    **{M.OPENED_CASES: 1_000, M.ANSWERED_CASES: 1_000, M.CLOSED_CASES: 2_000, M.CLOSED_CASE_DAYS: 13_000},
    **{M.REOPENED_CASES: 1_000, M.BREACHED_CASES: 1_000},
}
"""What each measure sums to here; of the others there is nothing."""
SCOPES = {"region": "CN-SH", "customer_type": "retail", "product_line": "rock", "channel_id": str(new_id())}


async def story(book: Book) -> None:
    account = new_id()
    spent = {
        **{"external_id": "ads", "kind": "spend", "period_start": "2026-01-01", "period_end": "2026-03-31"},
        **{"value": 90_000, "source": "Books", "observed_on": "2026-04-02"},
    }
    assert (await book.world.service.post("/v1/observations", spent)).status_code == 201
    line = costed(100, 60) | {"quantity": 10}
    more: dict[str, Any] = {"is_first_order": True, "due_on": "2026-02-28", "account_id": account}
    order = book.order([line], "2026-02-10", **more)
    before = book.order([costed(30, None)], "2026-01-10", account_id=account)
    told = told_of(account, order["id"], book.world.members["a1"])
    events = [make_event(f"customer.{what}.v1", data, account, sequence=data["version"]) for what, data in told]
    await book.hear(book.world.confirmed(order), book.world.confirmed(before), book.back(order, 0, 4, 10, "2026-02-20"))
    await book.hear(*events)


@pytest.mark.parametrize("half", [0, 1])
async def test_each_measure_is_summed_by_each_of_its_dimensions(book: Book, half: int) -> None:
    await story(book)
    channel = {**ChannelChanged.EXAMPLE, "id": SCOPES["channel_id"]}
    await book.hear(make_event("channels.channel.changed.v1", channel, SCOPES["channel_id"]))
    service = book.world.service
    kpi = (await service.post("/v1/kpis", {"code": "own", "name": "Own"})).json()["id"]
    book.ids["own"] = kpi
    for measure, counted in list(MEASURES.items())[half::2]:
        body: dict[str, Any] = {"numerator": {"measure": measure}, "direction": "higher"}
        assert (await service.post(f"/v1/kpis/{kpi}/publish", body)).status_code == 201
        dimensions = sorted(counted.dimensions)
        for pair in [dimensions[n : n + 2] for n in range(0, len(dimensions), 2)]:
            found = await book.values("own", *FEBRUARY, group_by=",".join(pair))
            assert found["total"]["value"] == EXPECTED.get(measure, 0), measure
            assert sum(item["value"] for item in found["items"]) == EXPECTED.get(measure, 0), (measure, pair)
        scope = {name: value for name, value in SCOPES.items() if name.removesuffix("_id") in counted.dimensions}
        scope |= {"unit_id": book.world.units["company"]} if KpiDimension.UNIT in counted.dimensions else {}
        await book.values("own", *FEBRUARY, group_by="month", **scope)
