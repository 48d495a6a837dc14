"""Accounts of persons opened and closed, and what is shown of them to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from kit.errors import BadQuery, FieldError
from kit.records import Change, audit_seen
from kit.security.blind_index import NotNormal, normal_phone
from kit.security.data_keys import data_keys, sealing_keys
from kit.security.fields import shown
from kit.web.context import Context
from kit.work import Work
from services.customer.accounts.access import FIELDS
from services.customer.accounts.models import Account
from services.customer.accounts.sealing import PRIVATE, STORED, UNSHOWN, closed, is_sealed, is_to_seal, opened, read
from services.customer.persons.access import may_read_pii
from services.customer.persons.rules import masked_phone
from services.customer.persons.sealing import HOME, index_of, ring_of


async def open_all(work: Work, accounts: Sequence[Account]) -> list[Account]:
    """Accounts as they are, what is sealed of persons in clear. Raises KeysUnset."""
    persons = [account.id for account in accounts if is_sealed(account)]
    if not persons:
        return list(accounts)
    keys = await data_keys(work.tx, ring_of(work.settings), persons)
    return [opened(account, keys.get(account.id)) if is_sealed(account) else account for account in accounts]


async def close_all(work: Work, changes: Sequence[Change[Account]]) -> list[Account]:
    """The accounts after these changes as they are stored. Raises KeysUnset."""
    persons = [one.after.id for one in changes if is_to_seal(one.after, one.changed)]
    if not persons:
        return [one.after for one in changes]
    keys, index = await sealing_keys(work.tx, ring_of(work.settings), persons), index_of(work.settings)
    return [closed(one.after, keys[one.after.id], index) if one.after.id in keys else one.after for one in changes]


async def shown_account(work: Context, account: Account) -> dict[str, Any]:
    """The account as the caller may see it; a person in full leaves a trace."""
    (whole,) = await open_all(work, [account])
    body = whole.model_dump(exclude={"archived_at", "root_owner_id", *UNSHOWN, *STORED}) | {
        "is_archived": account.is_archived
    }
    if is_to_seal(whole, ()):
        await _seen(work, [body], [whole.id])
    return shown(body, FIELDS, work.actor)


async def shown_items(work: Context, items: list[dict[str, Any]]) -> None:
    """Items of a list as the caller may see them, in their places; persons in full leave one trace together."""
    names = [name for name in PRIVATE if items and name in items[0]]
    rows = {name: [item[name] for item in items] for name in names}
    ids = sorted({row[0] for name in names for row in rows[name] if row[2] is not None})
    keys = await data_keys(work.tx, ring_of(work.settings), ids) if ids else {}
    persons = []
    for number, item in enumerate(items):
        for name in names:
            account_id, clear, sealed = rows[name][number]
            item[name] = clear if sealed is None else read(account_id, name, sealed, keys.get(account_id))
        if any(rows[name][number][2] is not None for name in names):
            persons.append(item)
    await _seen(work, persons, ids)


async def _seen(work: Context, bodies: list[dict[str, Any]], ids: Sequence[UUID]) -> None:
    if not may_read_pii(work.actor):
        for body in bodies:
            phone = body.get("phone")
            body |= {"phone": masked_phone(phone)} if phone else {}
            body |= {"address": None} if "address" in body else {}
    elif ids:  # a transaction of its own: reads have none that may write
        async with work.runtime.db.transaction() as tx:
            await audit_seen(replace(work, tx=tx), "account", ids)


def with_phone(work: Work, phone: str | None, given: int) -> tuple[str, list[object]]:
    """The condition that accounts have this phone number, as the end of one with `given` parameters, and its
    parameters; persons are found by who may see it. Raises BadQuery for what is none."""
    if phone is None:
        return "", []
    try:
        normal = normal_phone(phone, HOME)
    except NotNormal as refused:
        raise BadQuery(errors=[FieldError("phone", refused.code, str(refused))]) from None
    if not may_read_pii(work.actor):
        return f" AND a.phone = ${given + 1}", [normal]
    pair = index_of(work.settings).hashes("phone", normal)
    found = f" AND (a.phone = ${given + 1} OR a.phone_index_1 = ${given + 2} OR a.phone_index_2 = ${given + 3})"
    return found, [normal, *pair]
