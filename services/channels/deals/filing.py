"""Claims on customers that become accounts: a claim is on the account from then on, however that is called."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from kit.events.handlers import Fact
from kit.records import change
from kit.work import Work
from services.channels.deals import repository
from services.channels.deals.models import Deal
from services.channels.deals.repository import Account
from services.channels.deals.service import Customer, resource
from services.channels.events_in import AccountHeard
from services.channels.redirects import service as redirects


async def file_claims(work: Work, heard: Sequence[Fact[AccountHeard]]) -> None:
    """Claims without an account are filed under the one that is their customer, where no other may be it. Nobody is
    told: it is what every reader finds by the same rule."""
    rows = await repository.unfiled(work.tx, sorted({fact.data.id for fact in heard}))
    if not rows:
        return
    groups = await redirects.groups_of(work, {row.id for row in rows})
    alike = {key: [Account(*row[1:]) for row in own] for key, own in groupby(rows, key=lambda row: row.deal_id)}
    deals = await repository.lock_deals(work.tx, list(alike))
    for deal_id, accounts in alike.items():
        before: Deal = deals[deal_id]
        account_id = Customer(accounts, groups).only
        if account_id is not None and before.account_id is None:
            await change(work, resource(work, None), before, {"account_id": account_id}, action="file")
