"""What a merge does to accounts: both are locked, written and announced, and lead to each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import asyncpg

from kit.db.database import Tx
from kit.records import Change, Resource, record
from kit.work import Work
from services.customer.accounts import repository
from services.customer.accounts.facts import Written, note
from services.customer.accounts.filling import YUAN, sized
from services.customer.accounts.models import Account
from services.customer.accounts.private import close_all, open_all
from services.customer.accounts.rules import DuplicateAccount, invalid_weight
from services.customer.accounts.sealing import PRIVATE
from services.customer.accounts.service import compared, resource, tax_id_key_of
from services.customer.exchange_rates.service import rate_on
from services.customer.identity import service as identity

REDIRECT: Final = frozenset({"merged_into", "merge_id", "root_id"})
"""Columns that lead elsewhere; the events of merges say them."""


async def lock_all(work: Work, ids: Collection[UUID]) -> dict[UUID, Account]:
    """Accounts by id as they are stored, locked in the order of their ids."""
    return await repository.lock_accounts(work.tx, ids)


async def load_all(work: Work, ids: Collection[UUID]) -> dict[UUID, Account]:
    """Accounts by id as they are stored."""
    return await repository.load_accounts(work.tx, ids)


async def holder_of(tx: Tx, account: Account) -> UUID | None:
    """Which organisation has this one's tax id."""
    key = tax_id_key_of(account)
    if key is None or not account.is_organization:
        return None
    return (await repository.find_by_tax_id(tx, [key])).get((account.country or "", key))


async def size_of(work: Work, values: Mapping[str, Any]) -> Any:
    """The class by size of the fields of an account."""
    return sized(values, work.base_currency, await rate_on(work, YUAN, work.today))


async def opened_values(work: Work, account: Account, sealed: Mapping[str, str | None]) -> dict[str, str | None]:
    """What was sealed of a person, in clear; `sealed` are the bytes in hexadecimals by field."""
    copy = account.model_copy(
        update={f"sealed_{name}": bytes.fromhex(kept) if kept else None for name, kept in sealed.items()}
    )
    (opened,) = await open_all(work, [copy])
    return {name: getattr(opened, name) for name in sealed}


def sealed_values(account: Account) -> dict[str, str | None]:
    """What is sealed of a stored person, in hexadecimals by field."""
    kept = {name: getattr(account, f"sealed_{name}") for name in PRIVATE}
    return {name: value.hex() if value is not None else None for name, value in kept.items()}


async def put_all(work: Work, changes: Sequence[Change[Account]], action: str, reason: str) -> list[Account]:
    """Write accounts that the caller has locked one after the other, so that a tax id leaves the one before it comes to
    the other; announce and audit them. Raises DuplicateAccount when a third one has it."""
    stored = []
    for one in changes:
        after: Account = one.after
        weight = invalid_weight(after.kind, after.country, after.tax_id, after.region)
        aged = one._replace(after=after.model_copy(update={"invalid_weight": weight}))
        (kept,) = await close_all(work, [aged])
        try:
            async with work.tx.savepoint():
                await repository.save_accounts(work.tx, [one._replace(after=kept)])
        except asyncpg.UniqueViolationError:
            raise DuplicateAccount("a third account has the tax id") from None
        note(work, [Written(one, frozenset(one.changed) - REDIRECT, None)])
        await identity.put_keys(work, compared(work, after, tax_id_key_of(after)))
        stored.append(kept)
    await repository.judge(work.tx, [one.id for one in stored], work.today, work.settings.timezone)
    await record(work, _quiet(work), changes, action=action, reason=reason)
    return stored


def _quiet(work: Work) -> Resource[Account]:
    """Accounts whose redirects alone are not announced as changes."""
    whole = resource(work)

    def said(one: Change[Account]) -> Any:
        changed = tuple(name for name in one.changed if name not in REDIRECT)
        return whole.said(one._replace(changed=changed)) if changed else None

    return replace(whole, said=said)
