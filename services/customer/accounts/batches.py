"""Upsert of many accounts by external id: a fixed number of statements, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from kit.errors import Conflict, VersionMismatch
from kit.records import Change, record
from kit.security.principals import Scope
from kit.tax_ids import tax_id_key, tax_id_keys
from kit.web.batch import Raced, Results, decide_rows
from kit.work import Work
from services.customer.accounts import repository
from services.customer.accounts.access import may_read_tax_ids
from services.customer.accounts.facts import Written, check_source, written
from services.customer.accounts.models import Account, AccountExternalId
from services.customer.accounts.private import open_all
from services.customer.accounts.repository import Pair
from services.customer.accounts.rules import AccountArchived, DuplicateAccount, OwnerLeft
from services.customer.accounts.schemas import AccountRow
from services.customer.accounts.sealing import PRIVATE
from services.customer.accounts.service import (
    add,
    changed_account,
    check_owner,
    confirm,
    external_ids_of,
    known_owners,
    new_account,
    own_seller,
    resource,
    save,
    source_of,
    unknown_owner,
    yuan_rate,
)
from services.customer.accounts.values import custom_fields
from services.customer.custom_fields.values import Fields
from services.customer.directories.service import Sellers
from services.customer.ownership.service import rows_follow


@dataclass(slots=True)
class _Attempt:
    """What one attempt at a batch knows and has decided so far."""

    work: Work
    scope: Scope
    owners: Sellers
    own: UUID | None
    by_external: dict[Pair, UUID]
    by_tax_id: dict[Pair, UUID]
    accounts: dict[UUID, Account]
    rate: str | None
    fields: Fields
    touched: set[UUID] = field(default_factory=set)
    created: list[Written] = field(default_factory=list)
    updated: list[Written] = field(default_factory=list)
    confirmed: list[Written] = field(default_factory=list)
    external: list[AccountExternalId] = field(default_factory=list)


async def upsert_accounts(work: Work, rows: Sequence[tuple[int, AccountRow]], results: Results) -> None:
    """Create or change accounts; a result per row. A row may not repeat an account of an earlier row."""
    await decide_rows(work.tx, rows, results, partial(_prepare, work, [row for _, row in rows]), _decide, _write)


async def _prepare(work: Work, rows: Sequence[AccountRow]) -> _Attempt:
    own, scope, fields = await own_seller(work), await work.scope(), await custom_fields(work, rows)
    if not scope.everything and any(row.owner_id is None for row in rows):
        await check_owner(work, own)
    spelt = {(row.country, row.tax_id) for row in rows if row.tax_id}
    tax_ids = {
        key for country, text in spelt for key in ([tax_id_key(country, text)] if country else tax_id_keys(text))
    }
    # first the tax ids: an account of a row that another batch has just committed must not be met by its tax id alone
    by_tax_id = await repository.find_by_tax_id(work.tx, tax_ids)
    named = {pair for row in rows for pair in row.external_ids.items()}
    by_external = await repository.find_by_external(work.tx, named)
    accounts = await repository.lock_accounts(work.tx, set(by_external.values()))
    if any(set(PRIVATE) & row.given().keys() for row in rows):
        accounts = {account.id: account for account in await open_all(work, list(accounts.values()))}
    rate = await yuan_rate(work, rows)
    owners = await known_owners(work, rows)
    return _Attempt(work, scope, owners, own, by_external, by_tax_id, accounts, rate, fields)


def _decide(attempt: _Attempt, row: AccountRow) -> tuple[str, UUID]:
    """What becomes of one row: (status, account id); raises AppError when it is refused."""
    check_source(attempt.work, source_of(row))
    if row.owner_id is not None and row.owner_id not in attempt.owners.known:
        raise unknown_owner(row.owner_id)
    found = {attempt.by_external[pair] for pair in row.external_ids.items() if pair in attempt.by_external}
    if len(found) > 1:
        seen = [other for other in found if attempt.scope.sees(attempt.accounts[other].seen_by)]
        raise DuplicateAccount("the external ids belong to several accounts", extra=_candidates(seen))
    if not found:
        return "created", _add(attempt, row)
    account = attempt.accounts[found.pop()]
    if account.id in attempt.touched or not attempt.scope.sees(account.seen_by):
        raise DuplicateAccount("the account is another row's, or not the caller's")
    return _change(attempt, account, row), account.id


def _candidates(ids: Sequence[UUID]) -> dict[str, list[str]]:
    """The accounts in the way that the caller may see."""
    return {"candidates": sorted(map(str, ids))}


def _claim(attempt: _Attempt, account: Account) -> None:
    """Take the tax id; raises DuplicateAccount when it is another's."""
    if account.tax_id is None or account.country is None or not account.is_organization:
        return
    pair = (account.country, tax_id_key(account.country, account.tax_id))
    holder = attempt.by_tax_id.setdefault(pair, account.id)
    if holder != account.id:
        known = attempt.accounts.get(holder)
        is_seen = attempt.scope.everything or (known is not None and attempt.scope.sees(known.seen_by))
        told = [holder] if is_seen and may_read_tax_ids(attempt.work.actor) else []
        raise DuplicateAccount("the tax id is another account's", extra=_candidates(told))


def _add(attempt: _Attempt, row: AccountRow) -> UUID:
    if row.owner_id in attempt.owners.left:
        raise OwnerLeft(row.owner_id)
    values = {**row.model_dump(), "owner_id": row.owner_id or attempt.own}
    account = new_account(attempt.work, values, attempt.rate, attempt.fields)
    _claim(attempt, account)
    attempt.created.append(written(Change(None, account), row.model_fields_set, source_of(row)))
    attempt.accounts[account.id] = account
    attempt.touched.add(account.id)
    attempt.by_external |= dict.fromkeys(account.external_ids.items(), account.id)
    attempt.external += external_ids_of(account)
    return account.id


def _given(account: Account, row: AccountRow) -> dict[str, Any]:
    """What a row says of an account that exists; raises Conflict, DuplicateAccount."""
    given = row.given()
    if row.kind != account.kind:
        raise Conflict("the kind of an account never changes")
    for source, name in row.external_ids.items():
        if account.external_ids.get(source, name) != name:
            raise DuplicateAccount(f"the account has another id in {source}")
    given["external_ids"] = {**account.external_ids, **row.external_ids}
    given["owner_id"] = given.get("owner_id") or account.owner_id
    if account.root_id is not None:  # what it was merged into may have its number
        given = {name: value for name, value in given.items() if name not in ("country", "tax_id")}
    return given


def _change(attempt: _Attempt, account: Account, row: AccountRow) -> str:
    one = changed_account(attempt.work, account, _given(account, row), attempt.rate, attempt.fields)
    write = written(one, row.model_fields_set, source_of(row))
    attempt.touched.add(account.id)
    if not one.changed:
        if write.source is not None:
            attempt.confirmed.append(write)
        return "unchanged"
    if account.is_archived:
        raise AccountArchived()
    if "owner_id" in one.changed and row.owner_id in attempt.owners.left:
        raise OwnerLeft(row.owner_id)
    if {"country", "tax_id"} & set(one.changed):
        _claim(attempt, one.after)
    attempt.updated.append(write)
    new = [named for named in external_ids_of(one.after) if named.source not in account.external_ids]
    attempt.external += new
    attempt.by_external |= {(named.source, named.external_id): account.id for named in new}
    return "updated"


async def _write(attempt: _Attempt) -> None:
    """Everything at once; raises Raced when another transaction took a tax id or external id meanwhile."""
    work = attempt.work
    if await add(work, attempt.created, attempt.external) is None:
        raise Raced
    try:
        await save(work, attempt.updated)
    except VersionMismatch:
        raise Raced from None
    updated = [write.one for write in attempt.updated]
    for write in attempt.confirmed:
        await confirm(work, write)
    await record(work, resource(work), [write.one for write in attempt.created], action="create")
    await record(work, resource(work), updated, action="update")
    await rows_follow(work, [one.after.id for one in updated if "owner_id" in one.changed])
