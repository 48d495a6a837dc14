"""Every operation that the gateway itself answers, with generated data."""

from __future__ import annotations

from tests.e2e.generated import check_service, running
from tests.e2e.world import World


def test_every_operation_with_generated_data(world: World) -> None:
    with running(world) as run:
        check_service(run, "gateway")
