"""Merges and unmerges, folded into where accounts lead."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.handlers import Fact
from kit.redirects import roots_of
from services.channels.events_in.customer import AccountRedirectHeard
from services.channels.redirects import repository
from services.channels.redirects.models import AccountRedirect, AccountRoot
from services.channels.redirects.rules import HELD

MERGED, UNMERGED = "customer.account.merged.v1", "customer.account.unmerged.v1"


async def on_redirect(tx: Tx, facts: Sequence[Fact[AccountRedirectHeard]]) -> None:
    """Keep each merge by its first copy, and where the accounts lead that it joins or parts. A merge whose end came
    first never stands."""
    found: dict[object, AccountRedirect] = {}
    for fact in facts:
        heard, stands = fact.data, fact.event.type == MERGED
        known = found.get(heard.merge_id)
        if known is None or (known.stands and not stands):
            found[heard.merge_id] = AccountRedirect(
                merge_id=heard.merge_id,
                survivor_id=heard.survivor_id,
                merged_id=heard.merged_id,
                merged_at=heard.merged_at,
                stands=stands,
            )
    await repository.put_redirects(tx, [found[key] for key in sorted(found, key=str)])
    named = {each for one in found.values() for each in (one.survivor_id, one.merged_id)}
    ids = await repository.connected(tx, named)
    roots = roots_of(await repository.edges(tx, ids))
    rows = [AccountRoot(account_id=account_id, root_id=root) for account_id, root in sorted(roots.items())]
    await repository.put_roots(tx, ids, rows)
    tx.kept.pop(HELD, None)
