"""SQL of losses that other services tell of."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.risk.losses.models import CaseRemedy, ChurnedAccount

_PUT = """
ON CONFLICT (case_id) DO UPDATE SET account_id = excluded.account_id, day = excluded.day, cost = excluded.cost,
    version = excluded.version WHERE case_remedy.version < excluded.version
"""


async def put_remedies(tx: Tx, rows: Sequence[CaseRemedy]) -> None:
    """Keep what cases cost (one row each); older versions than those known change nothing."""
    await insert_rows(tx, CaseRemedy, rows, _PUT)


async def add_churned(tx: Tx, rows: Sequence[ChurnedAccount]) -> None:
    """Keep that accounts left."""
    await insert_rows(tx, ChurnedAccount, rows, "ON CONFLICT DO NOTHING")
