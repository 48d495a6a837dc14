"""Events that make credit profiles."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.envelope import Event
from services.risk.events_in import AccountHeard
from services.risk.profiles import service
from services.risk.settings import default_credit_limit


async def on_account_created(tx: Tx, events: Sequence[Event]) -> None:
    """A new account gets the policy's limit; one that has a profile keeps it."""
    accounts = [AccountHeard.model_validate(event.payload) for event in events]
    await service.create_profiles(tx, accounts, default_credit_limit())
