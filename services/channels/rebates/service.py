"""Accruing rebates: what orders and returns are due, in which programmes, for whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from kit.events.handlers import Fact
from kit.money import lots
from kit.work import Work
from services.channels.conflicts import service as conflicts
from services.channels.conflicts.models import Conflict
from services.channels.events_in import OrderHeard, OrderReturnedHeard
from services.channels.programmes import service as programmes
from services.channels.programmes.models import RebateProgramme
from services.channels.programmes.rules import period_of
from services.channels.rebates import ledger, repository
from services.channels.rebates.accruals import Due, account_in, accrue, counting, focus_in, volume_in
from services.channels.rebates.models import SplitStep, TakenStep


async def accrue_orders(work: Work, confirmed: Sequence[Fact[OrderHeard]]) -> None:
    """One accrual per order, matching programme and partner that has a part of it, also when no line is eligible."""
    splits = await _splits(work, confirmed)
    orders = [fact for fact in confirmed if fact.data.partner_id is not None or fact.data.id in splits]
    if not orders:
        return
    days = [fact.data.order_date for fact in orders]
    found = await programmes.programmes_for(work, min(days), max(days))
    await count_orders(work, orders, programmes.by_lineage(found), splits)


async def count_orders(
    work: Work,
    orders: Sequence[Fact[OrderHeard]],
    found: Iterable[Sequence[RebateProgramme]],
    splits: Mapping[UUID, SplitStep | None],
    programme_id: UUID | None = None,
) -> None:
    """Accrue orders in programmes (all versions of each, the first first), or in that version alone, each once: the
    inbox is purged, the ledger is for ever."""
    done = await repository.accrued(work.tx, [fact.event.id for fact in orders])
    due = [one for fact in orders for one in _of_order(fact, found, splits.get(fact.data.id))]
    due = [one for one in due if programme_id in (None, one.programme.id)]
    await accrue(work, [one for one in due if (one.cause.id, one.programme.id) not in done])


def _of_order(
    fact: Fact[OrderHeard], found: Iterable[Sequence[RebateProgramme]], split: SplitStep | None
) -> Iterator[Due]:
    """An order counts for its partner, or for those who share it, whoever sold it."""
    order = fact.data
    sold_by = () if order.partner_id is None else (order.partner_id,)
    for versions in found:
        volume, focus = volume_in(versions[0], order.lines), focus_in(versions[0], order.lines)
        for partner_id in sold_by if split is None else split.partner_ids:
            programme = counting(versions, partner_id, order.order_date, fact.event.time)
            if programme is not None:
                account = account_in(
                    programme, partner_id, period_of(order.order_date, programme.period), order.base_currency
                )
                yield Due(
                    cause=fact.event,
                    programme=programme,
                    order_id=order.id,
                    order_date=order.order_date,
                    posting_date=order.order_date,
                    account=account,
                    volume=volume if split is None else split.parts_of(volume)[partner_id],
                    split=split,
                    order_volume=None if split is None else volume,
                    focus=focus if focus is None or split is None else split.parts_of(focus)[partner_id],
                    order_focus=None if split is None else focus,
                    versions=versions,
                )


async def _splits(work: Work, facts: Sequence[Fact[OrderHeard]]) -> dict[UUID, SplitStep]:
    """What was decided of conflicts about the customers of orders."""
    orders = [(fact.data, fact.data.account_id) for fact in facts]
    bought = [conflicts.Bought(o.id, account_id, o.order_date) for o, account_id in orders if account_id is not None]
    return _steps(await conflicts.splits_on(work, bought))


async def splits_at(
    work: Work, bought: Sequence[conflicts.Bought], confirmed_at: Mapping[UUID, datetime]
) -> dict[UUID, SplitStep]:
    """How partners share orders that were confirmed some time ago, by what had been decided then."""
    found = await conflicts.splits_on(work, bought)
    return _steps({key: one for key, one in found.items() if decided_by(one, confirmed_at[key])})


def decided_by(conflict: Conflict, moment: datetime) -> bool:
    """Whether a conflict was resolved by a moment."""
    return conflict.resolved_at is not None and conflict.resolved_at <= moment


def _steps(found: Mapping[UUID, Conflict]) -> dict[UUID, SplitStep]:
    """Shares in the order in which odd cents go: by a lot that is drawn per order."""
    steps: dict[UUID, SplitStep] = {}
    for order_id, conflict in found.items():
        drawn = sorted(zip(lots(order_id, "split", conflict.partner_shares), conflict.partner_shares, strict=True))
        shares = [{"partner_id": each, "share": conflict.partner_shares[each]} for _lot, each in drawn]
        steps[order_id] = SplitStep.model_validate({"conflict_id": conflict.id, "shares": shares})
    return steps


async def accrue_returns(work: Work, returned: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """Take back in the programmes and periods that the order was counted in; of a period that a statement closed its
    part of what was earned, in the period of the return. A programme that catches up has counted them or will."""
    await programmes.share_accruals(work)
    await take_back(work, returned)


async def take_back(work: Work, facts: Sequence[Fact[OrderReturnedHeard]], programme_id: UUID | None = None) -> None:
    """What returns take back, each once, in all programmes that counted their orders or in one of them."""
    originals: dict[UUID, list[repository.Original]] = {}
    found = await repository.originals_of(work.tx, [fact.data.id for fact in facts])
    found = [one for one in found if programme_id in (None, one.programme_id)]
    for one in found:
        originals.setdefault(one.order_id, []).append(one)
    done = await repository.accrued(work.tx, [fact.event.id for fact in facts])
    known = await programmes.lineages_of(work, sorted({one.programme_id for one in found}))
    closed = await _closed(work, [_account_of(one, known[one.programme_id]) for one in found])
    due = []
    for fact in facts:
        for number, one in enumerate(originals.get(fact.data.id, ())):
            if (fact.event.id, one.programme_id) in done:
                continue
            is_closed = _account_of(one, known[one.programme_id]) in closed
            back, originals[fact.data.id][number] = _back(fact, one, known[one.programme_id], is_closed)
            due.append(back)
    await accrue(work, due)


def _back(
    fact: Fact[OrderReturnedHeard], one: repository.Original, versions: Sequence[RebateProgramme], is_closed: bool
) -> tuple[Due, repository.Original]:
    """What a return takes back of a partner in a programme, and how the order stands there then."""
    programme = next(each for each in versions if each.id == one.programme_id)
    order, split = fact.data, split_in(one.split)
    part = volume = volume_in(programme, order.returned_lines)
    focus = of_focus = focus_in(programme, order.returned_lines)
    if split is not None:
        # Cumulative: the part of what is left of the whole, less what the partner stands at.
        left = (one.order_volume or 0) + volume
        part = split.parts_of(left)[one.partner_id] - (one.volume - one.returned)
        one = one._replace(order_volume=left)
        if of_focus is not None:
            left = (one.order_focus or 0) + of_focus
            focus = split.parts_of(left)[one.partner_id] - (one.focus or 0)
            one = one._replace(order_focus=left)
    period, taken = (one.period_start, one.period_end), None
    if is_closed:
        total = one.returned - part
        taken = TakenStep(
            period_start=one.period_start,
            period_end=one.period_end,
            amount=one.amount,
            volume=one.volume,
            before=one.returned,
            returned=total,
        )
        period, part, one = period_of(order.return_date, programme.period), 0, one._replace(returned=total)
        focus = of_focus = None if focus is None else 0
    else:
        one = one._replace(volume=one.volume + part, focus=None if focus is None else (one.focus or 0) + focus)
    due = Due(
        cause=fact.event,
        programme=programme,
        order_id=order.id,
        order_date=one.order_date,
        posting_date=order.return_date,
        account=account_in(programme, one.partner_id, period, order.base_currency),
        volume=part,
        split=split,
        order_volume=None if split is None else volume,
        taken=taken,
        focus=focus,
        order_focus=None if split is None else of_focus,
        versions=versions,
    )
    return due, one


async def _closed(work: Work, counted_in: Iterable[UUID]) -> set[UUID]:
    """Which accounts that orders were counted in are closed: none becomes so until the work ends."""
    account_ids = sorted(set(counted_in))
    if not account_ids:
        return set()
    await repository.lock_known(work.tx, account_ids)
    return await repository.closed_accounts(work.tx, account_ids)


def _account_of(one: repository.Original, versions: Sequence[RebateProgramme]) -> UUID:
    return ledger.account_id(one.partner_id, *versions[0].root, one.period_start)


async def lock_partner(work: Work, partner_id: UUID) -> None:
    """Wait for the accruals of a partner under way, and keep new ones out until the work ends."""
    await repository.lock_partner(work.tx, partner_id)


async def close_periods(work: Work, partner_id: UUID, statement_id: UUID, until: date) -> None:
    """Close the periods of a partner, whose accounts are locked, that ended up to a day and are over."""
    await repository.close_accounts(work.tx, partner_id, statement_id, until, work.today)


@lru_cache(maxsize=1024)
def split_in(stored: str | None) -> SplitStep | None:
    """The split that an accrual holds."""
    return None if stored is None else SplitStep.model_validate_json(stored)
