"""What draws and their tickets have in common with all other resources."""

from __future__ import annotations

from typing import Any, ClassVar

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.channels.points.test_points import programme
from tests.channels.points_draws.drawing import DRAW, a_draw, draw
from tests.shared_suites.identity import Coded, Named
from tests.shared_suites.machines import Stateful
from tests.shared_suites.resources import Created, Family, Listed, Read


async def a_club(service: ServiceHarness) -> dict[str, Any]:
    """The programme of a draw."""
    return {"points_programme_id": await programme(service, code=f"C-{new_id().hex[-12:]}")}


class TestPointsDraws(Created, Listed, Read, Stateful, Named, Coded):
    table = "points_draw"
    family = Family(
        path="/v1/points-draws",
        noun="points_draw",
        body=DRAW,
        needs=a_club,
        numbered=lambda n: {"code": f"DRAW-{n}"},
        reader="sales_rep",
    )
    bodies: ClassVar = {"replace": DRAW | {"name": "Draw of autumn"}}
    others: ClassVar = {"open": ("director", "sales_director")}


async def a_ticket(service: ServiceHarness) -> str:
    """Path of a ticket of a draw of its own."""
    made, member = await a_draw(service, code=f"D-{new_id().hex[-12:]}")
    return f"/v1/points-tickets/{(await draw(service, made, member)).json()['id']}"


class TestPointsTickets(Listed, Read):
    family = Family(
        path="/v1/points-tickets",
        noun="points_ticket",
        made=a_ticket,
        reader="risk_officer",
        stranger="service_agent",
        foreign=("somebody", "sales_rep"),
    )
