"""Upsert of many opportunities by external id: a fixed number of statements, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from kit.db.rows import insert_rows, update_rows
from kit.errors import Conflict, FieldError, Taken, UnknownReference, VersionMismatch
from kit.records import Change, changed_row, record
from kit.security.principals import Scope
from kit.transitions import next_state
from kit.web.batch import Raced, Results, RowRepeated, decide_rows
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.models import Account
from services.customer.opportunities import repository
from services.customer.opportunities.changes import (
    MOVED,
    day_of,
    edited,
    moved,
    new_opportunity,
    next_at,
    rate_day,
    require_pipeline,
    require_stage,
    step_of,
)
from services.customer.opportunities.enums import OpportunityState
from services.customer.opportunities.models import Opportunity
from services.customer.opportunities.references import References
from services.customer.opportunities.repository import Pair
from services.customer.opportunities.rules import KEPT, MOVES
from services.customer.opportunities.schemas import OpportunityRow
from services.customer.opportunities.service import load_references, resource
from services.customer.organisation import service as organisation
from services.customer.organisation.rules import Owners
from services.customer.pipelines import service as pipelines
from services.customer.pipelines.models import Pipeline

FIXED = {"account_id", "account_ref", "external_id", "opened_at", "pipeline", "stage"}
"""What a row says that is no field to be edited."""


@dataclass(slots=True)
class _Attempt:
    """What one attempt at a batch knows and has decided so far."""

    work: Work
    scope: Scope
    owners: Owners
    refs: References
    accounts: Mapping[UUID, Account]
    account_refs: Mapping[Pair, UUID]
    in_force: Mapping[str, Pipeline]
    opened_under: Mapping[UUID, Pipeline]
    by_external: Mapping[Pair, UUID]
    known: Mapping[UUID, Opportunity]
    seen: set[Pair] = field(default_factory=set)
    created: list[Change[Opportunity]] = field(default_factory=list)
    updated: list[Change[Opportunity]] = field(default_factory=list)


async def upsert_opportunities(work: Work, rows: Sequence[tuple[int, OpportunityRow]], results: Results) -> None:
    """Open or change opportunities; a result per row. Raises BatchContended."""
    prepare = partial(_prepare, work, [row for _, row in rows])
    await decide_rows(work.tx, rows, results, prepare, _decide, _write)


async def _prepare(work: Work, rows: Sequence[OpportunityRow]) -> _Attempt:
    account_refs = await accounts.find_by_external(work, {row.account_ref.pair for row in rows if row.account_ref})
    by_external = await repository.find_by_external(work.tx, {row.external_id.pair for row in rows})
    locked = await repository.lock_opportunities(work.tx, set(by_external.values()))
    known = {one.id: one for one in locked}
    ids = {row.account_id for row in rows if row.account_id} | {*account_refs.values()}
    found = await accounts.accounts_by_id(work, ids | {one.account_id for one in locked})
    wanted = set()
    for row in rows:
        old = known.get(by_external[row.external_id.pair]) if row.external_id.pair in by_external else None
        day = day_of(work, row.opened_at) if row.opened_at else work.today
        wanted |= {(row.currency, rate_day(work, old) if old else day), (row.currency, work.today)}
    return _Attempt(
        work,
        await work.scope(),
        await organisation.default_owners(work, {one.owner_id for one in found.values()}),
        await load_references(work, [row.model_dump() for row in rows], wanted),
        found,
        account_refs,
        await pipelines.pipelines_on(work, {row.pipeline for row in rows}, work.today),
        await pipelines.pipelines_by_id(work, {one.pipeline_id for one in locked}),
        by_external,
        known,
    )


def _decide(attempt: _Attempt, row: OpportunityRow) -> tuple[str, UUID]:
    """What becomes of one row: (status, opportunity id); raises AppError when it is refused."""
    pair = row.external_id.pair
    if pair in attempt.seen:
        raise RowRepeated(errors=[FieldError("/external_id", "repeated", "see an earlier row")])
    if pair not in attempt.by_external:
        pipeline = require_pipeline(attempt.in_force, row.pipeline)
        account = _account_of(attempt, row)
        made = new_opportunity(attempt.work, account, pipeline, row, attempt.owners, attempt.refs)
        attempt.created.append(Change(None, made))
        attempt.seen.add(pair)
        return "created", made.id
    before = attempt.known[attempt.by_external[pair]]
    if not attempt.scope.sees(before.owner_id) and before.account_id not in attempt.accounts:
        raise Taken("opportunity", "external_id")
    one = changed_row(before, _given(attempt, before, row))
    attempt.seen.add(pair)
    if not one.changed:
        return "unchanged", before.id
    attempt.updated.append(one)
    return "updated", before.id


def _account_of(attempt: _Attempt, row: OpportunityRow) -> Account:
    account_id = attempt.account_refs.get(row.account_ref.pair) if row.account_ref else row.account_id
    account = attempt.accounts.get(account_id) if account_id else None
    if account is None:
        pointer = "/account_ref" if row.account_ref else "/account_id"
        raise UnknownReference(errors=[FieldError(pointer, "unknown-reference", "no such account")])
    return account


def _given(attempt: _Attempt, before: Opportunity, row: OpportunityRow) -> dict[str, Any]:
    """What a row says of an opportunity that exists: a move where it names another stage, then the fields given."""
    given = row.given()
    account_id = attempt.account_refs.get(row.account_ref.pair) if row.account_ref else row.account_id
    if account_id != before.account_id:
        raise Conflict("an opportunity stays with its account")
    if given.get("pipeline", before.pipeline) != before.pipeline:
        raise Conflict("an opportunity stays in its pipeline")
    changes: dict[str, Any] = {}
    stands = before
    if row.stage is not None and row.stage != before.stage:
        next_state("opportunity", MOVES, "move", before.state)
        stage = require_stage(attempt.opened_under[before.pipeline_id], row.stage)
        changes = moved(attempt.work, before, stage, next_at(attempt.work, before, None))
        stands = changed_row(before, changes).after
    kept = KEPT if before.state != OpportunityState.OPEN else frozenset[str]()
    unsaid = {name for name in KEPT if given.get(name) is None}
    fields = {name: value for name, value in given.items() if name not in FIXED | kept | unsaid}
    if fields.get("owner_id", before) is None:
        del fields["owner_id"]
    return changes | edited(attempt.work, stands, fields, attempt.refs)


async def _write(attempt: _Attempt) -> None:
    """Everything at once; raises Raced when another transaction took an external id meanwhile."""
    work, tx = attempt.work, attempt.work.tx
    created = [one.after for one in attempt.created]
    if await insert_rows(tx, Opportunity, created, "ON CONFLICT DO NOTHING") != len(created):
        raise Raced
    try:
        await update_rows(tx, Opportunity, [one.after for one in attempt.updated])
    except VersionMismatch:
        raise Raced from None
    steps = [one for one in attempt.updated if set(MOVED) & set(one.changed)]
    await repository.add_steps(tx, [step_of(work, one.before, one.after) for one in (*attempt.created, *steps)])
    await record(work, resource(work), attempt.created, action="create")
    await record(work, resource(work), attempt.updated, action="change")
