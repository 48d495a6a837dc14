"""Events of accounts -> directory (a projection: a pure function of the events)."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.targets.accounts import repository
from services.targets.accounts.models import AccountEntry
from services.targets.accounts.rules import branches_of, places_of
from services.targets.events_in.customer import AccountHeard

ACCOUNTS = ("customer.account.created.v1", "customer.account.updated.v1")


async def project_account(tx: Tx, facts: Sequence[Fact[AccountHeard]]) -> None:
    """Keep where each account is and what it does, as its latest version says."""
    latest = {fact.data.id: fact.data for fact in sorted(facts, key=lambda fact: fact.data.version)}
    rows = [
        AccountEntry(
            id=one.id,
            owner_id=one.owner_id,
            places=places_of(one.region, one.country),
            branches=branches_of(one.industry.scheme, one.industry.code) if one.industry else (),
            is_archived=one.is_archived,
            version=one.version,
        )
        for _id, one in sorted(latest.items())
    ]
    await repository.put_accounts(tx, rows)
