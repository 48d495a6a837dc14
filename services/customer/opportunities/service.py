"""Use cases of opportunities."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from kit.db.rows import update_rows
from kit.errors import FieldError, NotFound, Taken, UnknownReference
from kit.records import Change, Resource, add, change, changed_row, record, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.filing import are_one, groups_of
from services.customer.contacts import service as contacts
from services.customer.directories import service as directories
from services.customer.events_out.opportunities import (
    OpportunityLost,
    OpportunityOpened,
    OpportunityReopened,
    OpportunityStageChanged,
    OpportunityUpdated,
    OpportunityWon,
)
from services.customer.exchange_rates.service import rates_on
from services.customer.opportunities import repository
from services.customer.opportunities.changes import (
    closed,
    day_of,
    edited,
    moved,
    new_opportunity,
    next_at,
    rate_day,
    reopened,
    require_pipeline,
    require_stage,
    step_of,
)
from services.customer.opportunities.enums import OpportunityState
from services.customer.opportunities.models import Opportunity
from services.customer.opportunities.references import References
from services.customer.opportunities.rules import MOVES, check_stage
from services.customer.opportunities.schemas import (
    OpportunityCreate,
    OpportunityLose,
    OpportunityMove,
    OpportunityReopen,
    OpportunityUpdate,
    OpportunityWin,
)
from services.customer.orders import service as orders
from services.customer.orders.enums import OrderState
from services.customer.organisation import service as organisation
from services.customer.pipelines import service as pipelines

Fact = (
    OpportunityOpened
    | OpportunityUpdated
    | OpportunityStageChanged
    | OpportunityWon
    | OpportunityLost
    | OpportunityReopened
)
AUDITED = ("account_id", "contact_id", "owner_id", "amount", "currency", "expected_close", "pipeline", "stage")
STATES: Mapping[OpportunityState, type[Fact]] = {
    OpportunityState.WON: OpportunityWon,
    OpportunityState.LOST: OpportunityLost,
    OpportunityState.OPEN: OpportunityReopened,
}


def _kind_and_day(work: Work, one: Change[Opportunity]) -> tuple[type[Fact], date]:
    """The fact of a change, and the business day that it counts on."""
    after = one.after
    if one.before is None:
        return OpportunityOpened, after.opened_on
    if "state" in one.changed:
        return STATES[after.state], after.closed_on or day_of(work, after.stage_since)
    if "stage" in one.changed:
        return OpportunityStageChanged, day_of(work, after.stage_since)
    return OpportunityUpdated, work.today


def _said(work: Work, one: Change[Opportunity]) -> Fact:
    kind, day = _kind_and_day(work, one)
    return kind.of(one.after, changed=sorted(one.changed), business_date=day)


def resource(work: Work) -> Resource[Opportunity]:
    """Opportunities as they are announced and audited."""
    return Resource("opportunity", Opportunity, partial(_said, work), audited=AUDITED)


async def load_references(
    work: Work, bodies: Sequence[Mapping[str, Any]], wanted: Iterable[tuple[str, date]]
) -> References:
    """What bodies refer to, and the rates of (currency, day)."""

    def named(field: str) -> set[UUID]:
        return {body[field] for body in bodies if body.get(field) is not None}

    found = await directories.find_sellers(work, named("owner_id"))
    scope = await work.scope()
    of = await contacts.accounts_of(work, named("contact_id"))
    groups = await groups_of(work, set(of.values()))
    return References(
        contacts={contact_id: groups[account_id] for contact_id, account_id in of.items()},
        partners=await directories.partner_states(work, named("partner_id")),
        sellers=frozenset(one for one in found.known if scope.sees(one)),
        left=found.left,
        rates=await rates_on(work, set(wanted)),
    )


async def create_opportunity(work: Work, data: OpportunityCreate) -> Opportunity:
    """Open an opportunity; raises UnknownReference, AccountArchived, OwnerLeft, NoExchangeRate, Taken, NotOfThePast."""
    try:
        account = await accounts.get_account(work, data.account_id)
    except NotFound:
        detail = f"no account {data.account_id}"
        raise UnknownReference(detail, errors=[FieldError("/account_id", "unknown-reference", detail)]) from None
    in_force = await pipelines.pipelines_on(work, [data.pipeline], work.today)
    day = day_of(work, data.opened_at) if data.opened_at else work.today
    refs = await load_references(work, [data.model_dump()], [(data.currency, day), (data.currency, work.today)])
    owners = await organisation.default_owners(work, () if data.owner_id else [account.owner_id])
    made = new_opportunity(work, account, require_pipeline(in_force, data.pipeline), data, owners, refs)
    if data.external_id is not None:
        await _refuse_taken(work, data.external_id.pair)
    await add(work, resource(work), made)
    await repository.add_steps(work.tx, [step_of(work, None, made)])
    return made


async def _refuse_taken(work: Work, pair: repository.Pair) -> None:
    holder = (await repository.find_by_external(work.tx, [pair])).get(pair)
    if holder is None:
        return
    try:
        seen: UUID | None = (await get_opportunity(work, holder)).id
    except NotFound:
        seen = None
    raise Taken("opportunity", "external_id", seen)


async def get_opportunity(
    work: Work, opportunity_id: UUID, *, version: Versions | None = None, lock: bool = False
) -> Opportunity:
    """An opportunity of the caller's scope, by its own owner or its account's; raises NotFound, VersionMismatch."""
    found = await require(work, resource(work), opportunity_id, lock=lock or version is not None)
    if not (await work.scope()).sees(found.owner_id):
        try:
            await accounts.get_account(work, found.account_id)
        except NotFound:
            raise NotFound(what="opportunity") from None
    if version is not None:
        version.check(found.version)
    return found


async def update_opportunity(
    work: Work, opportunity_id: UUID, version: Versions, data: OpportunityUpdate
) -> Opportunity:
    """Change the fields given; raises NotFound, VersionMismatch, StateConflict, UnknownReference, OwnerLeft,
    NoExchangeRate."""
    before = await get_opportunity(work, opportunity_id, version=version)
    given = data.given()
    wanted = [(given.get("currency", before.currency), rate_day(work, before))]
    refs = await load_references(work, [given], wanted if {"amount", "currency"} & given.keys() else ())
    return await change(work, resource(work), before, edited(work, before, given, refs))


async def hand_over_open(work: Work, account_ids: Collection[UUID], owner_id: UUID | None, to: UUID) -> int:
    """Give what somebody (None: nobody) has open at these accounts to whom the accounts are given; how many. What is
    closed stays theirs."""
    found = await repository.lock_open_of(work.tx, account_ids, owner_id)
    given = [_handed_over(one, to) for one in found]
    await update_rows(work.tx, Opportunity, [one.after for one in given])
    await record(work, resource(work), given, action="transfer")
    return len(given)


async def count_open(work: Work, account_ids: Collection[UUID], owner_id: UUID) -> int:
    """How many opportunities somebody has open at these accounts."""
    return await repository.count_open_of(work.tx, account_ids, owner_id)


def _handed_over(before: Opportunity, to: UUID) -> Change[Opportunity]:
    return changed_row(before, {"owner_id": to})


async def hand_over(work: Work, account_ids: Collection[UUID], to: UUID, limit: int) -> int:
    """Give opportunities of accounts, at most so many, closed ones too, to an owner; how many they are. Nobody's scope
    is asked."""
    found = await repository.lock_not_of(work.tx, account_ids, to, limit)
    changes = [_handed_over(one, to) for one in found]
    await update_rows(work.tx, Opportunity, [one.after for one in changes])
    await record(work, resource(work), changes, action="transfer")
    return len(changes)


async def move_opportunity(work: Work, opportunity_id: UUID, data: OpportunityMove) -> Opportunity:
    """Bring an open opportunity into another stage; raises NotFound, StateConflict, StageConflict, StageOrder,
    UnknownReference, NotOfThePast."""
    before = await get_opportunity(work, opportunity_id, lock=True)
    next_state("opportunity", MOVES, "move", before.state)
    check_stage(before.stage, data.stage, data.from_stage)
    stage = require_stage(await pipelines.get_pipeline(work, before.pipeline_id), data.stage)
    return await _step(work, before, moved(work, before, stage, next_at(work, before, data.at)), "move")


async def win_opportunity(work: Work, opportunity_id: UUID, data: OpportunityWin) -> Opportunity:
    """Close an opportunity as won, with the order that it became; raises NotFound, StateConflict, StageOrder,
    UnknownReference, NotOfThePast."""
    before = await get_opportunity(work, opportunity_id, lock=True)
    state = next_state("opportunity", MOVES, "win", before.state)
    if data.order_id is not None:
        await _check_order(work, data.order_id, before.account_id)
    changes = closed(work, before, state, next_at(work, before, data.at)) | {"order_id": data.order_id}
    return await _step(work, before, changes, "win")


async def lose_opportunity(work: Work, opportunity_id: UUID, data: OpportunityLose) -> Opportunity:
    """Close an opportunity as lost; raises NotFound, StateConflict, StageOrder, NotOfThePast."""
    before = await get_opportunity(work, opportunity_id, lock=True)
    state = next_state("opportunity", MOVES, "lose", before.state)
    named = (data.competitor,) if data.competitor else ()
    changes = closed(work, before, state, next_at(work, before, data.at)) | {
        "lost_reason": data.lost_reason,
        "lost_to": data.competitor,
        "competitors": tuple(dict.fromkeys((*before.competitors, *named))),
    }
    return await _step(work, before, changes, "lose")


async def accounts_of(work: Work, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The account of each of these opportunities that the caller may see, by its own owner or its account's."""
    found = await repository.load_opportunities(work.tx, ids)
    scope = await work.scope()
    others = {one.account_id for one in found if not scope.sees(one.owner_id)}
    seen = await accounts.accounts_by_id(work, others) if others else {}
    return {one.id: one.account_id for one in found if scope.sees(one.owner_id) or one.account_id in seen}


async def find_by_external(work: Work, pairs: Collection[repository.Pair]) -> dict[repository.Pair, UUID]:
    """Opportunity ids of (source, external id), whoever has them."""
    return await repository.find_by_external(work.tx, pairs)


async def lock_opportunities(work: Work, ids: Collection[UUID]) -> dict[UUID, Opportunity]:
    """Opportunities by id, locked, whoever owns them."""
    return {one.id: one for one in await repository.lock_opportunities(work.tx, ids)}


async def retire_opportunity(work: Work, opportunity_id: UUID, reason: str) -> Opportunity:
    """Close an opportunity that was opened by mistake as lost; its external id is free. Raises NotFound,
    StateConflict."""
    before = await get_opportunity(work, opportunity_id, lock=True)
    state = next_state("opportunity", MOVES, "lose", before.state)
    ended = {"lost_reason": reason, "external_source": None, "external_id": None}
    return await _step(work, before, closed(work, before, state, next_at(work, before, None)) | ended, "revert")


async def reopen_opportunity(work: Work, opportunity_id: UUID, data: OpportunityReopen) -> Opportunity:
    """Go on with a closed opportunity in a stage; raises NotFound, StateConflict, UnknownReference."""
    before = await get_opportunity(work, opportunity_id, lock=True)
    next_state("opportunity", MOVES, "reopen", before.state)
    stage = require_stage(await pipelines.get_pipeline(work, before.pipeline_id), data.stage)
    return await _step(work, before, reopened(work, before, stage, next_at(work, before, None)), "reopen")


async def _check_order(work: Work, order_id: UUID, account_id: UUID) -> None:
    """Raises UnknownReference for an order that is not the account's, is cancelled, or that the caller does not see."""
    detail = "no such order of the account"
    unknown = UnknownReference(detail, errors=[FieldError("/order_id", "unknown-reference", detail)])
    try:
        order = await orders.get_order(work, order_id)
    except NotFound:
        raise unknown from None
    if order.state is OrderState.CANCELLED or not await are_one(work, order.account_id, account_id):
        raise unknown


async def _step(work: Work, before: Opportunity, changes: Mapping[str, Any], action: str) -> Opportunity:
    """Write a step of a locked opportunity with its place in the history."""
    after = await change(work, resource(work), before, changes, action=action)
    await repository.add_steps(work.tx, [step_of(work, before, after)])
    return after
