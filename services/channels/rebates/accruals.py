"""Accruals: which account an order moves, what its volume earns there, and the facts that say so.

Accounts are locked in the order of their ids; inside a batch orders are worked one after the other, each
from the position that the one before left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from kit.events import outbox
from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.work import Work
from services.channels.events_in import LineHeard
from services.channels.events_out import RebateAccrued, RebateSlice, RebateTier
from services.channels.events_out.rebates import RebateLayer, RebateLineage, RebateSplit, RebateTakenBack
from services.channels.programmes.models import RebateProgramme, TierSteps
from services.channels.programmes.rules import (
    GrowthBasis,
    Layer,
    Period,
    PlanKind,
    Slice,
    TierPlan,
    accrual,
    layered,
    layered_slices,
    over_baseline,
    period_of,
    plan_of,
    version_of,
)
from services.channels.rebates import ledger, repository
from services.channels.rebates.models import RebateAccount, RebateAccrual, SplitStep, TakenStep
from services.channels.sales import service as sales
from services.channels.sales.models import SoldAsked


@dataclass(frozen=True, slots=True)
class Due:
    """One accrual to be decided, and the account it moves."""

    cause: Event
    programme: RebateProgramme
    order_id: UUID
    order_date: date
    posting_date: date
    account: RebateAccount
    volume: int
    split: SplitStep | None = None
    order_volume: int | None = None
    taken: TakenStep | None = None
    focus: int | None = None
    order_focus: int | None = None
    versions: Sequence[RebateProgramme] = ()
    """All versions of the programme, the first first, where there are several."""


def counting(
    versions: Sequence[RebateProgramme], partner_id: UUID, order_date: date, confirmed_at: datetime
) -> RebateProgramme | None:
    """The version of a published programme (the first first) in which an order that was confirmed then earns something
    for a partner; one that catches up takes what was confirmed before as well."""
    found = version_of(versions, order_date, confirmed_at)
    is_named = found is not None and (not found.partner_ids or partner_id in found.partner_ids)
    return found if is_named else None


def volume_in(programme: RebateProgramme, lines: Iterable[LineHeard]) -> int:
    """Net amount of the eligible lines, minor units of the base currency."""
    eligible = programme.product_lines
    return sum(line.net_base for line in lines if not eligible or line.product_line in eligible)


def focus_in(programme: RebateProgramme, lines: Iterable[LineHeard]) -> int | None:
    """Net amount of the focus lines of a mix plan; None in another one."""
    focus = programme.focus_lines
    return None if focus is None else sum(line.net_base for line in lines if line.product_line in focus)


@lru_cache(maxsize=1024)
def plan_of_steps(
    kind: PlanKind, steps: tuple[tuple[int, int, int | None], ...], basis: GrowthBasis | None, baseline: int | None
) -> TierPlan:
    """The plan of stored (start, rate, amount) steps, of growth over a baseline."""
    plan = plan_of(kind, [step[:2] for step in steps], [amount for _start, _rate, amount in steps])
    return plan if basis is None else over_baseline(plan, basis, baseline)


class Planned(Protocol):
    """A programme or an accrual, as far as its plan goes."""

    @property
    def kind(self) -> PlanKind: ...

    @property
    def tiers(self) -> TierSteps: ...

    @property
    def basis(self) -> GrowthBasis | None: ...


def plan_in(planned: Planned, baseline: int | None) -> TierPlan:
    """The plan that a programme or an accrual holds, of growth over the baseline of the account."""
    steps = tuple((tier.start, tier.rate, tier.amount) for tier in planned.tiers)
    return plan_of_steps(planned.kind, steps, planned.basis, baseline if planned.basis else None)


def account_in(programme: RebateProgramme, partner_id: UUID, period: tuple[date, date], currency: str) -> RebateAccount:
    """The account of a partner in a programme's period, at 0."""
    start, end = period
    programme_id, programme_version = programme.root
    return RebateAccount(
        id=ledger.account_id(partner_id, programme_id, programme_version, start),
        partner_id=partner_id,
        programme_id=programme_id,
        programme_version=programme_version,
        period_start=start,
        period_end=end,
        currency=currency,
        position=0,
        accrued=0,
        focus=None if programme.focus_lines is None else 0,
    )


async def accrue(work: Work, due: Sequence[Due]) -> None:
    """Decide, say and write accruals in their order."""
    if not due:
        return
    accounts = {one.account.id: one.account for one in due}
    accounts |= await _with_baselines(work, due, accounts)
    standing = await repository.lock_accounts(work.tx, [row for _id, row in sorted(accounts.items())])
    layers = await _layers(work, [one.account.id for one in due if len(one.versions) > 1])
    counted = await repository.fact_counts(work.tx, sorted({one.order_id for one in due}))
    facts: list[Fact[RebateAccrued]] = []
    for one in due:
        counted[one.order_id] = counted.get(one.order_id, 0) + 1
        before = standing[one.account.id]
        accrued = _decide(one, before, layers)
        focus = None if before.focus is None else before.focus + (one.focus or 0)
        standing[one.account.id] = before._replace(position=accrued.position_after, focus=focus)
        if one.programme.lineage_id is not None:
            held = layers.get((one.account.id, one.programme.id), (0, 0))
            layers[one.account.id, one.programme.id] = held[0] + one.volume, held[1] + (one.focus or 0)
        facts.append(Fact(outbox.compose(work.caused_by(one.cause), accrued, counted[one.order_id]), accrued))
    await outbox.add(work.tx, work.service, [fact.event for fact in facts])
    await ledger.apply_accruals(work.tx, facts)


Layers = dict[tuple[UUID, UUID], tuple[int, int]]
"""Volume, and that in focus lines, of later versions, by account and version."""


async def _layers(work: Work, account_ids: Sequence[UUID]) -> Layers:
    if not account_ids:
        return {}
    rows = await repository.layers_of(work.tx, sorted(set(account_ids)))
    return {(row.account_id, row.programme_id): (row.volume, row.focus or 0) for row in rows}


class Terms(Protocol):
    """A programme or a simulation, as far as what it counts goes."""

    @property
    def period(self) -> Period: ...

    @property
    def product_lines(self) -> tuple[str, ...]: ...


def year_before(terms: Terms, key: UUID, partner_id: UUID, start: date) -> SoldAsked:
    """What growth counts over where nothing was entered: the same period of the year before."""
    first, last = period_of(start.replace(year=start.year - 1), terms.period)
    return SoldAsked(key, partner_id, first, last, list(terms.product_lines) or None)


async def _with_baselines(
    work: Work, due: Sequence[Due], accounts: Mapping[UUID, RebateAccount]
) -> dict[UUID, RebateAccount]:
    """Accounts of growth plans with the baseline that they open with: the one that was entered, or what the partner
    sold in the same period of the year before. One that is there already keeps its own."""
    growing = {one.account.id: one.programme for one in due if one.programme.basis is not None}
    if not growing:
        return {}
    known = await repository.known_accounts(work.tx, sorted(growing))
    found, asked = {}, []
    for account_id, programme in growing.items():
        account: RebateAccount = accounts[account_id]
        entered = {one.partner_id: one.amount for one in programme.baselines or ()}
        if account_id in known or account.partner_id in entered:
            found[account_id] = account.model_copy(update={"baseline": entered.get(account.partner_id)})
            continue
        asked.append(year_before(programme, account_id, account.partner_id, account.period_start))
    sold = await sales.sold_by_partners(work, asked)
    for one in asked:
        opening: RebateAccount = accounts[one.key]
        found[one.key] = opening.model_copy(update={"baseline": sold.get(one.key)})
    return found


@lru_cache(maxsize=1024)
def _tiers_said(tiers: TierSteps) -> list[RebateTier]:
    return [RebateTier.model_validate(tier.model_dump(exclude_none=True)) for tier in tiers]


def _stack(due: Due, before: repository.Standing, layers: Layers) -> list[Layer]:
    """What each version of the programme holds of an account, the first first."""
    versions = due.versions or (due.programme,)
    later = [layers.get((due.account.id, one.id), (0, 0)) for one in versions[1:]]
    volume = before.position - sum(each for each, _focus in later)
    focus = (before.focus or 0) - sum(each for _volume, each in later)
    held = [(volume, focus), *later]
    return [Layer(plan_in(one, before.baseline), *each) for one, each in zip(versions, held, strict=True)]


def stack_in(row: RebateAccrual) -> tuple[list[Layer], int]:
    """What the versions of its programme held before an accrual, the first first, and which of them it moves."""
    if row.lineage is None:
        focus = row.focus[0]
        return [Layer(plan_in(row, row.baseline), row.position_before, focus)], 0
    plans = [(one.programme_id, _Version(row.kind, one.tiers, row.basis), one) for one in row.lineage.layers]
    stack = [Layer(plan_in(version, row.baseline), one.volume, one.focus or 0) for _id, version, one in plans]
    return stack, [each for each, _version, _one in plans].index(row.programme_id)


class _Version(NamedTuple):
    kind: PlanKind
    tiers: TierSteps
    basis: GrowthBasis | None


def moved_in(stack: Sequence[Layer], moved: int, volume: int, focus: int) -> tuple[int, list[Slice]]:
    """What it earns that the layer `moved` holds so much more, and the record of it."""
    layer, parts = stack[moved], layered_slices(stack, moved, volume, focus)
    more = layer._replace(volume=layer.volume + volume, focus=layer.focus + focus)
    if len(stack) == 1:  # a plan's rebates telescope
        of_focus = (layer.focus, more.focus)
        return accrual(layer.plan, layer.volume, more.volume, of_focus), parts
    return layered([*stack[:moved], more, *stack[moved + 1 :]]) - layered(stack), parts


def _decide(due: Due, before: repository.Standing, layers: Layers) -> RebateAccrued:
    stack = _stack(due, before, layers)
    moved = [one.id for one in due.versions or (due.programme,)].index(due.programme.id)
    account = due.account
    amount, parts = moved_in(stack, moved, due.volume, due.focus or 0)
    if due.taken is not None:
        amount, parts = due.taken.moves, []
    return RebateAccrued(
        partner_id=account.partner_id,
        programme_id=due.programme.id,
        programme_version=due.programme.version,
        kind=due.programme.kind,
        tiers=_tiers_said(due.programme.tiers),
        period_start=account.period_start,
        period_end=account.period_end,
        order_id=due.order_id,
        order_date=due.order_date,
        posting_date=due.posting_date,
        currency=account.currency,
        volume=due.volume,
        position_before=before.position,
        position_after=before.position + due.volume,
        amount=amount,
        slices=[RebateSlice(start=part.start, end=part.end, rate=part.rate) for part in parts],
        source_event_id=due.cause.id,
        **_more_said(due, before, stack),
    )


def _more_said(due: Due, before: repository.Standing, stack: Sequence[Layer]) -> dict[str, Any]:
    """What a fact names of a split, of a closed period, of growth, of a mix and of several versions; without them it
    names nothing."""
    said: dict[str, Any] = {}
    if due.split is not None:
        said = {"split": RebateSplit.model_validate(due.split.model_dump()), "order_volume": due.order_volume}
    if due.taken is not None:
        said["taken_back"] = RebateTakenBack.model_validate(due.taken.model_dump())
    if due.programme.basis is not None:
        said |= {"basis": due.programme.basis, "baseline": before.baseline}
    if due.focus is not None:
        said |= {"focus_volume": due.focus, "focus_before": before.focus}
        said |= {} if due.split is None else {"order_focus": due.order_focus}
    if len(due.versions) > 1:
        programme_id, programme_version = due.programme.root
        held = [
            RebateLayer(
                programme_id=one.id,
                tiers=_tiers_said(one.tiers),
                volume=layer.volume,
                focus=None if before.focus is None else layer.focus,
            )
            for one, layer in zip(due.versions, stack, strict=True)
        ]
        said["lineage"] = RebateLineage(programme_id=programme_id, programme_version=programme_version, layers=held)
    return said
