"""Upsert of many leads by external id: a fixed number of statements, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from kit.errors import FieldError, Taken, VersionMismatch
from kit.records import Change
from kit.security.principals import Scope
from kit.web.batch import Raced, Results, RowRepeated, decide_rows
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.rules import OwnerLeft
from services.customer.directories import service as directories
from services.customer.directories.service import Sellers
from services.customer.leads import repository
from services.customer.leads.enums import LeadState
from services.customer.leads.models import Lead
from services.customer.leads.repository import Pair
from services.customer.leads.rules import LeadConverted
from services.customer.leads.schemas import LeadRow
from services.customer.leads.service import edited, new_lead, open_all, write


@dataclass(slots=True)
class _Attempt:
    """What one attempt at a batch knows and has decided so far."""

    work: Work
    scope: Scope
    own_id: UUID | None
    sellers: Sellers
    by_external: Mapping[Pair, UUID]
    known: Mapping[UUID, Lead]
    reached: frozenset[UUID]
    """Accounts that leads became and that the caller sees."""
    seen: set[Pair] = field(default_factory=set)
    created: list[Change[Lead]] = field(default_factory=list)
    updated: list[Change[Lead]] = field(default_factory=list)


async def upsert_leads(work: Work, rows: Sequence[tuple[int, LeadRow]], results: Results) -> None:
    """Add or change leads; a result per row. Raises BatchContended."""
    await decide_rows(work.tx, rows, results, partial(_prepare, work, [row for _, row in rows]), _decide, _write)


async def _prepare(work: Work, rows: Sequence[LeadRow]) -> _Attempt:
    by_external = await repository.find_by_external(work.tx, {row.external_id.pair for row in rows})
    known = await open_all(work, await repository.lock_leads(work.tx, set(by_external.values())))
    became = {one.account_id for one in known if one.account_id is not None}
    own_id = await accounts.own_seller(work)
    return _Attempt(
        work,
        await work.scope(),
        own_id,
        await directories.find_sellers(
            work, {one for one in (own_id, *(row.owner_id for row in rows)) if one is not None}
        ),
        by_external,
        {one.id: one for one in known},
        frozenset(await accounts.accounts_by_id(work, became)) if became else frozenset(),
    )


def _decide(attempt: _Attempt, row: LeadRow) -> tuple[str, UUID]:
    """What becomes of one row: (status, lead id); raises AppError when it is refused."""
    pair = row.external_id.pair
    if pair in attempt.seen:
        raise RowRepeated(errors=[FieldError("/external_id", "repeated", "see an earlier row")])
    if pair not in attempt.by_external:
        owner_id = row.owner_id or attempt.own_id
        _check_owner(attempt, owner_id)
        made = new_lead(attempt.work, row, owner_id)
        attempt.created.append(Change(None, made))
        attempt.seen.add(pair)
        return "created", made.id
    before = attempt.known[attempt.by_external[pair]]
    if not attempt.scope.sees(before.owner_id) and before.account_id not in attempt.reached:
        raise Taken("lead", "external_id")
    given = {name: value for name, value in row.given().items() if name != "external_id"}
    if given.get("owner_id", before) is None:
        del given["owner_id"]
    one = edited(before, given)
    attempt.seen.add(pair)
    if not one.changed:
        return "unchanged", before.id
    if before.state is LeadState.CONVERTED:
        raise LeadConverted(extra={"account_id": str(before.account_id)})
    if "owner_id" in one.changed:
        _check_owner(attempt, one.after.owner_id)
    attempt.updated.append(one)
    return "updated", before.id


def _check_owner(attempt: _Attempt, owner_id: UUID | None) -> None:
    """Raises UnknownReference, OwnerLeft, as `accounts.check_owner` does of one."""
    if owner_id is None and attempt.scope.everything:
        return
    if owner_id is None or (owner_id != attempt.own_id and owner_id not in attempt.sellers.known):
        raise accounts.unknown_owner(owner_id or UUID(int=0))
    if not attempt.scope.sees(owner_id):
        raise accounts.unknown_owner(owner_id)
    if owner_id in attempt.sellers.left:
        raise OwnerLeft(owner_id)


async def _write(attempt: _Attempt) -> None:
    """Everything at once; raises Raced when another transaction was first."""
    try:
        if await write(attempt.work, attempt.created, "create") is None:
            raise Raced
        await write(attempt.work, attempt.updated, "change")
    except VersionMismatch:
        raise Raced from None
