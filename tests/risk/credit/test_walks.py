"""Credit cannot be walked around, whatever is done in which order, one by one or at once."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest

from kit.events.rebuild import rebuild
from kit.testing.service import ServiceHarness
from services.risk.verify import verify
from tests.risk.conftest import Days, balance
from tests.risk.credit.test_laws import logged, publish_all
from tests.risk.credit.walking import Walk

__all__ = ["logged"]
STEPS = 120


@pytest.mark.parametrize(("seed", "sleeps"), [(0, 0), (1, 1), (2, 4), (3, 5)])
async def test_no_walk_gets_around_credit(logged: ServiceHarness, days: Days, seed: int, sleeps: int) -> None:
    """Where days pass the rule holds accounts again and again, and most of what is asked fails on that."""
    walk = Walk(logged, random.Random(seed), days)
    await walk.begin()
    steps = [walk.ask] * 8 + [walk.hold_order] * 2 + [walk.override] * 2 + [walk.confirm] * 4 + [walk.pay] * 4
    steps += [walk.cancel, walk.give_back, walk.use, walk.use, walk.take_back, walk.take_back, walk.bind, walk.rush]
    steps += [walk.raise_limit, walk.raise_limit, walk.hold, walk.merge, walk.waive, *[walk.sleep] * sleeps]
    taken: dict[str, int] = defaultdict(int)
    for _ in range(STEPS):
        step = walk.dice.choice(steps)
        await step()
        taken[step.__name__] += 1
        if step != walk.sleep:
            await walk.look()
        await walk.check()
    assert len(taken) >= 12, taken
    (seen,) = await logged.rows(
        "SELECT (SELECT count(DISTINCT cause) FROM credit_decision) AS causes, "
        "(SELECT count(*) FROM credit_hold WHERE hold_reason = 'overdue') AS held"
    )
    assert seen["causes"] >= (3 if sleeps < 2 else 1), seen
    assert seen["held"] or sleeps < 2, "the rule has held nobody"
    assert await logged.parked() == []
    assert await balance(logged, walk.accounts[0]) == walk.balance(walk.accounts[0])
    await publish_all(logged, walk.heard)
    report = await rebuild(logged.runtime.db, logged.runtime.bus, logged.subscriptions, "exposure")
    assert report.equal, report.as_dict()
    findings = await verify(logged.runtime.db, logged.runtime.bus)
    assert all(finding.ok for finding in findings), findings
