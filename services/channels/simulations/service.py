"""Use cases of simulations: what a plan would give, computed from the sales that are known.

It is what a programme of these terms would have accrued, had it been published before the first of the orders: F of the
net volume of each partner and period.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from kit.ids import derived_id
from kit.jobs.jobs import enqueue, get_job
from kit.records import Change, Resource, add, change, fresh, require
from kit.work import Work
from services.channels.conflicts import service as conflicts
from services.channels.programmes import service as programmes
from services.channels.programmes.rules import period_of, rebate
from services.channels.rebates import service as rebates
from services.channels.rebates.accruals import plan_in, year_before
from services.channels.sales import service as sales
from services.channels.simulations import repository
from services.channels.simulations.enums import RebateSimulationState
from services.channels.simulations.models import RebateSimulation, RebateSimulationResult, SimulatedPeriod
from services.channels.simulations.schemas import RebateSimulationCreate

NOUN: Final = "rebate-simulation"
SIMULATE: Final = "rebate-simulations.run"
"""Kind of the job that calculates a simulation."""
GIVEN_UP: Final = frozenset({RebateSimulationState.FAILED, RebateSimulationState.CANCELLED})
"""Ends of a job that leave nothing to show."""
AUDITED: Final = ("kind", "tiers", "period", "valid_from", "valid_to", "product_lines", "partner_ids")


def _unsaid(_one: Change[RebateSimulation]) -> None:
    """Nothing happened."""


SIMULATIONS = Resource(NOUN, RebateSimulation, _unsaid, audited=AUDITED)


class Position(NamedTuple):
    """Orders of a partner in a period, and their net."""

    orders: int
    volume: int
    focus: int


Positions = Mapping[tuple[UUID, date], Position]
"""By partner and first day of the period."""


async def start_simulation(work: Work, data: RebateSimulationCreate) -> RebateSimulation:
    """Ask what a plan would give, a job with the id of the simulation; raises what a draft of a programme raises."""
    terms = await programmes.checked_terms(work, data)
    row = RebateSimulation(
        **fresh(),
        **terms,
        state=RebateSimulationState.CALCULATING,
        currency=work.base_currency,
        created_by=work.actor.subject,
    )
    await add(work, SIMULATIONS, row, action="start")
    await enqueue(work.tx, SIMULATE, {}, work.actor.subject, job_id=row.id)
    return row


async def require_simulation(work: Work, simulation_id: UUID) -> RebateSimulation:
    """A simulation by id; raises NotFound."""
    return await require(work, SIMULATIONS, simulation_id)


async def shown_simulation(work: Work, simulation_id: UUID) -> tuple[RebateSimulation, str | None]:
    """A simulation by id, in the state of its job where that has ended without it, and why it failed; raises
    NotFound."""
    job = await get_job(work.tx, simulation_id)
    row = await require_simulation(work, simulation_id)
    if row.state is RebateSimulationState.CALCULATED or job is None or job["state"] not in GIVEN_UP:
        return row, None
    return row.model_copy(update={"state": RebateSimulationState(job["state"])}), job["error"]


async def simulate(work: Work, simulation_id: UUID) -> list[RebateSimulationResult]:
    """What each partner would have, all as of one moment: nothing is read before in the work's transaction."""
    await repository.hold_still(work.tx)
    plan = await require_simulation(work, simulation_id)
    positions = await _positions(work, plan)
    baselines = await _baselines(work, plan, positions)
    periods: dict[UUID, list[SimulatedPeriod]] = {}
    for key, position in sorted(positions.items()):
        periods.setdefault(key[0], []).append(_period(plan, key[1], position, baselines.get(key)))
    return [_result(plan, partner_id, own) for partner_id, own in periods.items()]


async def keep(work: Work, simulation_id: UUID, results: Sequence[RebateSimulationResult]) -> RebateSimulation:
    """Keep what was found, once."""
    before: RebateSimulation = await require(work, SIMULATIONS, simulation_id, lock=True)
    if before.state is RebateSimulationState.CALCULATED:
        return before
    await repository.add_results(work.tx, results)
    changes = {
        "state": RebateSimulationState.CALCULATED,
        "partners": len(results),
        "orders": sum(one.orders for one in results),
        "volume": sum(one.volume for one in results),
        "amount": sum(one.amount for one in results),
    }
    return await change(work, SIMULATIONS, before, changes, action="calculate")


async def _positions(work: Work, plan: RebateSimulation) -> Positions:
    """Orders that no partners share are summed by the database, the few others one by one."""
    accounts = sorted(await conflicts.accounts_with_splits(work))
    found: Counter[tuple[UUID, date, str]] = Counter()

    def count(partner_id: UUID, start: date, *sums: int) -> None:
        for name, value in zip(Position._fields, sums, strict=True):
            found[partner_id, start, name] += value

    for row in await repository.sold(work.tx, plan, accounts):
        count(*row)
    orders = await repository.perhaps_shared(work.tx, plan, accounts)
    asked = [conflicts.Bought(one.order_id, one.account_id, one.order_date) for one in orders]
    splits = await rebates.splits_at(work, asked, {one.order_id: one.confirmed_at for one in orders})
    for one in orders:
        split = splits.get(one.order_id)
        sold_by = () if one.partner_id is None else (one.partner_id,)
        start, _end = period_of(one.order_date, plan.period)
        for partner_id in sold_by if split is None else split.partner_ids:
            if not plan.partner_ids or partner_id in plan.partner_ids:
                nets = (one.volume, one.focus)
                parts = nets if split is None else tuple(split.parts_of(net)[partner_id] for net in nets)
                count(partner_id, start, 1, *parts)
    keys = {(partner_id, start) for partner_id, start, _name in found}
    return {key: Position(*(found[(*key, name)] for name in Position._fields)) for key in keys}


async def _baselines(work: Work, plan: RebateSimulation, positions: Positions) -> Mapping[tuple[UUID, date], int]:
    """Over what growth counts: what was entered, or what the partner sold in the same period of the year before."""
    if plan.basis is None:
        return {}
    entered = {one.partner_id: one.amount for one in plan.baselines or ()}
    keys = {derived_id("rebate_simulation_period", *key): key for key in positions if key[0] not in entered}
    sold = await sales.sold_by_partners(work, [year_before(plan, key, *account) for key, account in keys.items()])
    own = {key: entered[key[0]] for key in positions if key[0] in entered}
    return own | {keys[key]: net for key, net in sold.items()}


def _period(plan: RebateSimulation, start: date, position: Position, baseline: int | None) -> SimulatedPeriod:
    first, last = period_of(start, plan.period)
    return SimulatedPeriod(
        period_start=first,
        period_end=last,
        orders=position.orders,
        volume=position.volume,
        focus=None if plan.focus_lines is None else position.focus,
        baseline=baseline,
        amount=rebate(plan_in(plan, baseline), position.volume, position.focus),
    )


def _result(plan: RebateSimulation, partner_id: UUID, periods: Sequence[SimulatedPeriod]) -> RebateSimulationResult:
    return RebateSimulationResult(
        id=derived_id("rebate_simulation_result", plan.id, partner_id),
        simulation_id=plan.id,
        partner_id=partner_id,
        orders=sum(one.orders for one in periods),
        volume=sum(one.volume for one in periods),
        amount=sum(one.amount for one in periods),
        periods=tuple(periods),
    )
