"""Upsert of many accounts by external id: a fixed number of statements, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Tx
from kit.errors import AppError, Conflict
from kit.events import outbox
from kit.events.outbox import Fact
from kit.security import audit
from kit.security.audit import AuditEntry
from kit.web.batch import Raced, Results, settled
from services.customer.accounts import repository
from services.customer.accounts.enums import AccountKind
from services.customer.accounts.repository import Pair
from services.customer.accounts.rules import AccountArchived, DuplicateAccount, clean_tax_id, merged
from services.customer.accounts.schemas import AccountRow
from services.customer.accounts.service import (
    SERVICE,
    account_fact,
    audit_entry,
    check_owner,
    known_owners,
    new_account,
    own_seller,
    unknown_owner,
)
from services.customer.deps import Desk, may_read_tax_ids


@dataclass(slots=True)
class _Work:
    """What one attempt at a batch knows and has decided so far."""

    desk: Desk
    owners: set[UUID]
    own: UUID | None
    by_external: dict[Pair, UUID]
    by_tax_id: dict[Pair, UUID]
    accounts: dict[UUID, dict[str, Any]]
    touched: set[UUID] = field(default_factory=set)
    added: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    external: list[tuple[UUID, str, str]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    entries: list[AuditEntry] = field(default_factory=list)


async def upsert_accounts(tx: Tx, desk: Desk, rows: Sequence[tuple[int, AccountRow]], results: Results) -> None:
    """Create or change accounts; a result per row. A row may not repeat an account of an earlier row."""

    async def attempt() -> None:
        work = await _prepare(tx, desk, [row for _, row in rows])
        for index, row in rows:
            try:
                status, account_id = _decide(work, row)
                results.done(index, status, account_id)
            except AppError as error:
                results.refuse(index, error)
        await _write(tx, work)

    await settled(tx, attempt)


async def _prepare(tx: Tx, desk: Desk, rows: Sequence[AccountRow]) -> _Work:
    own = await own_seller(tx, desk)
    if not desk.scope.everything and any(row.owner_id is None for row in rows):
        await check_owner(tx, desk, own)
    spelt = {"".join(row.tax_id.split()).upper() for row in rows if row.tax_id}
    tax_ids = spelt | {tax_id.replace("-", "") for tax_id in spelt}
    # first the tax ids: an account of a row that another batch has just committed must not be met by its tax id alone
    by_tax_id = await repository.find_by_tax_id(tx, tax_ids)
    by_external = await repository.find_by_external(tx, {pair for row in rows for pair in row.external_ids.items()})
    accounts = await repository.lock_accounts(tx, set(by_external.values()))
    return _Work(desk, await known_owners(tx, desk, rows), own, by_external, by_tax_id, accounts)


def _decide(work: _Work, row: AccountRow) -> tuple[str, UUID]:
    """What becomes of one row: (status, account id); raises AppError when it is refused."""
    if row.owner_id is not None and row.owner_id not in work.owners:
        raise unknown_owner(row.owner_id)
    found = {work.by_external[pair] for pair in row.external_ids.items() if pair in work.by_external}
    if len(found) > 1:
        seen = [other for other in found if work.desk.scope.sees(work.accounts[other]["owner_id"])]
        raise DuplicateAccount("the external ids belong to several accounts", extra=_candidates(seen))
    if not found:
        return "created", _add(work, row)
    account = work.accounts[found.pop()]
    if account["id"] in work.touched or not work.desk.scope.sees(account["owner_id"]):
        raise DuplicateAccount("the account is another row's, or not the caller's")
    return _change(work, account, row), account["id"]


def _candidates(ids: Sequence[UUID]) -> dict[str, list[str]]:
    """The accounts in the way that the caller may see."""
    return {"candidates": sorted(map(str, ids))}


def _claim(work: _Work, account: dict[str, Any]) -> None:
    if account["tax_id"] is not None and account["kind"] == AccountKind.ORGANIZATION:
        holder = work.by_tax_id.setdefault((account["country"], account["tax_id"]), account["id"])
        if holder != account["id"]:
            known = work.accounts.get(holder)
            is_seen = work.desk.scope.everything or (known is not None and work.desk.scope.sees(known["owner_id"]))
            told = [holder] if is_seen and may_read_tax_ids(work.desk.actor) else []
            raise DuplicateAccount("the tax id is another account's", extra=_candidates(told))


def _add(work: _Work, row: AccountRow) -> UUID:
    values = row.model_dump()
    values["tax_id"] = clean_tax_id(row.kind, row.country, row.tax_id)
    values["owner_id"] = row.owner_id or work.own
    account = new_account(values)
    _claim(work, account)
    work.added.append(account)
    work.accounts[account["id"]] = account
    work.touched.add(account["id"])
    for pair in row.external_ids.items():
        work.by_external[pair] = account["id"]
        work.external.append((account["id"], *pair))
    work.facts.append(account_fact(account))
    work.entries.append(audit_entry(work.desk, "create", account, None, values))
    return account["id"]  # type: ignore[no-any-return]


def _change(work: _Work, account: dict[str, Any], row: AccountRow) -> str:
    given = row.model_dump(include=row.model_fields_set)
    if row.kind != account["kind"]:
        raise Conflict("the kind of an account never changes")
    given["external_ids"] = {**account["external_ids"], **row.external_ids}
    for source, name in row.external_ids.items():
        if account["external_ids"].get(source, name) != name:
            raise DuplicateAccount(f"the account has another id in {source}")
    wanted = {**account, **given}
    given["tax_id"] = clean_tax_id(wanted["kind"], wanted["country"], wanted["tax_id"])
    if given.get("owner_id", account) is None:
        given["owner_id"] = account["owner_id"]
    changes = merged(account, given)
    if not changes:
        work.touched.add(account["id"])
        return "unchanged"
    if account["archived_at"] is not None:
        raise AccountArchived()
    after = {**account, **changes, "version": account["version"] + 1, "updated_at": clock.now()}
    _claim(work, after)
    work.touched.add(account["id"])
    work.changed.append(after)
    new = row.external_ids.items() - account["external_ids"].items()
    work.external += [(account["id"], *pair) for pair in new]
    work.by_external |= dict.fromkeys(new, account["id"])
    work.facts.append(account_fact(after, changes))
    before = {name: account[name] for name in changes}
    work.entries.append(audit_entry(work.desk, "update", account, before, changes))
    return "updated"


async def _write(tx: Tx, work: _Work) -> None:
    """Everything at once; raises Raced when another transaction took a tax id or external id meanwhile."""
    if not await repository.add_accounts(tx, work.added, work.external):
        raise Raced
    if await repository.save_accounts(tx, work.changed) != len(work.changed):
        raise Raced
    await outbox.announce(tx, SERVICE, work.facts)
    await audit.record_many(tx, work.entries, key=work.desk.key)
