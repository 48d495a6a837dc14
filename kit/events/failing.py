"""A projection that always fails, switched on by CRMESH_FAIL_INSIGHT=1 (fault tests only)."""

from __future__ import annotations

import os
from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.handlers import Projection, Subscriptions

NAME = "failing"


class AlwaysFails(RuntimeError):
    """What the projection does."""


async def _fail(_tx: Tx, _facts: Sequence[object]) -> None:
    raise AlwaysFails("told to fail")


def add_failing(subscriptions: Subscriptions) -> None:
    """Put it on the insight lane when the environment says so; once."""
    if os.environ.get("CRMESH_FAIL_INSIGHT") and NAME not in subscriptions.projections:
        put_failing(subscriptions)


def put_failing(subscriptions: Subscriptions) -> None:
    """Put it on the insight lane for everything the service hears."""
    subscriptions.lane("insight").project(Projection(NAME, (), dict.fromkeys(subscriptions.handlers, _fail)))
