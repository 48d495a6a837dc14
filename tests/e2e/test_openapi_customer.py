"""Every operation of customer with generated data."""

from __future__ import annotations

from tests.e2e.generated import AMOUNTS, check_service, running
from tests.e2e.world import World


@AMOUNTS
def test_every_operation_with_generated_data(world: World, is_whole: bool) -> None:
    with running(world, is_whole) as run:
        check_service(run, "customer")
