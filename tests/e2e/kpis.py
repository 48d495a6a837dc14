"""How operations on KPIs and observations succeed."""

from __future__ import annotations

from tests.e2e.ways import How, acted, changed, created, rows
from tests.e2e.world import World

_ONE, _BATCH = "/v1/kpis/{kpi_id}", "/v1/observations/batch"


def kpi(world: World) -> str:
    """A KPI without a version."""
    made: str = world.make("/v1/kpis", world.example("POST /v1/kpis"))["id"]
    return made


KPI_CALLS: dict[str, How] = {
    "POST /v1/kpis": created("/v1/kpis"),
    f"PATCH {_ONE}": changed("PATCH", _ONE, kpi),
    f"POST {_ONE}/publish": acted(f"{_ONE}/publish", kpi),
    f"PUT {_ONE}/benchmark": lambda world: world.send(
        "PUT",
        f"/v1/kpis/{(made := kpi(world))}/benchmark",
        world.example(f"PUT {_ONE}/benchmark"),
        headers=world.etag(f"/v1/kpis/{made}"),
    ),
    f"GET {_ONE}/values": lambda world: world.send(
        "GET", f"/v1/kpis/{world.ids['kpi_id'][0]}/values?from=2026-01-01&to=2026-03-31&group_by=month"
    ),
    "POST /v1/observations": lambda world: world.send("POST", "/v1/observations", world.observation()),
    f"POST {_BATCH}": rows(_BATCH, World.observation),
}
