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
from services.channels.deals.rules import Identity
from services.channels.deals.service import Customer, hold_claims, resource
from services.channels.events_in import AccountHeard
from services.channels.redirects import service as redirects


async def file_claims(work: Work, heard: Sequence[Fact[AccountHeard]]) -> None:
    """Claims without an account are filed under the one that is their customer, where no other may be it. Nobody is
    told: it is what every reader finds by the same rule. Whoever decides on a claim on any of the accounts, or by what
    they are known from now on, has committed before, or waits: who looks for conflicts after this finds it."""
    told = [fact.data for fact in heard]
    known_by = [Identity(one.name_key, one.country, one.tax_id_hash, one.domain_hash) for one in told]
    await hold_claims(work, {one.id for one in told}, known_by)
    rows = await repository.unfiled(work.tx, sorted({one.id for one in told}))
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
