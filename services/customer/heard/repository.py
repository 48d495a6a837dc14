"""SQL of what other services say of accounts."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.customer.heard.models import HeardFact


async def add_heard(tx: Tx, facts: Sequence[HeardFact]) -> None:
    """Keep what was heard of accounts; an event that came before is nothing."""
    await insert_rows(tx, HeardFact, facts, "ON CONFLICT (id) DO NOTHING")
