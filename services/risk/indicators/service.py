"""Use cases of indicators: kept, changed, paused, resumed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import FieldError, NotHeardYet, UnknownReference
from kit.records import Resource, add, change, changed_row, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.risk.alerts import service as alerts
from services.risk.alerts.enums import IndicatorLevel
from services.risk.directory import service as directory
from services.risk.indicators import repository
from services.risk.indicators.enums import IndicatorState
from services.risk.indicators.models import Indicator, IndicatorReading
from services.risk.indicators.rules import FALLING, MOVES, check_bounds, check_scope
from services.risk.indicators.schemas import IndicatorCreate, IndicatorUpdate
from services.risk.marks.models import Touched
from services.risk.risks import service as risks

NOUN = "indicator"
PROJECTIONS = ("tally", "target_pace", "channel_tally", "discount_tally", "line_tally")
"""What indicators are counted from."""
SCOPE = ("account_id", "partner_id", "channel_id", "target_id", "region", "product_line")
INDICATORS = Resource(NOUN, Indicator, lambda _one: None, audited=tuple(IndicatorCreate.model_fields), owner="owner_id")


async def _check(work: Work, row: Indicator, before: UUID | None = None) -> None:
    """Raises Invalid, UnknownReference, NotHeardYet."""
    check_scope(row.measure, [name for name in SCOPE if getattr(row, name) is not None])
    check_bounds(row.bounds, is_falling=row.measure in FALLING)
    (await risks.known(work, [row.owner_id], ())).check(row.owner_id, (), before)
    if row.account_id is not None and not await directory.known_accounts(work, [row.account_id]):
        raise NotHeardYet(errors=[FieldError("/account_id", NotHeardYet.code, "no such account is known here")])
    if row.partner_id is not None and not await directory.known_partners(work, [row.partner_id]):
        raise NotHeardYet(errors=[FieldError("/partner_id", NotHeardYet.code, "no such partner is known here")])
    seen = await risks.known_risks(work, row.risk_ids)
    faults = [
        FieldError(f"/risk_ids/{number}", UnknownReference.code, "no such risk")
        for number, each in enumerate(row.risk_ids)
        if each not in seen
    ]
    if faults:
        raise UnknownReference(errors=faults)


async def create_indicator(work: Work, data: IndicatorCreate) -> Indicator:
    """A new indicator, evaluated at once; raises what `_check` raises."""
    indicator = Indicator.model_validate({**fresh(), **data.model_dump(), "state": IndicatorState.ACTIVE})
    await _check(work, indicator)
    await add(work, INDICATORS, indicator)
    reading = IndicatorReading(
        id=indicator.id, measure=indicator.measure, level=IndicatorLevel.GREEN, due_at=clock.now()
    )
    await repository.add_reading(work.tx, reading)
    return indicator


async def require_indicator(work: Work, indicator_id: UUID) -> Indicator:
    """An indicator by id; raises NotFound (also outside the caller's scope)."""
    return await require(work, INDICATORS, indicator_id)


async def change_indicator(work: Work, indicator_id: UUID, version: Versions, data: IndicatorUpdate) -> Indicator:
    """Change the fields given, and evaluate it anew; its alert goes to a new owner with it.

    Raises NotFound, VersionMismatch and what a new one raises.
    """
    before = await require(work, INDICATORS, indicator_id, version=version)
    given: Mapping[str, Any] = data.given()
    await _check(work, changed_row(before, given).after, before.owner_id)
    after = await change(work, INDICATORS, before, given)
    if after.state is IndicatorState.ACTIVE and after.version != before.version:
        await repository.schedule(work.tx, indicator_id, clock.now())
    if after.owner_id != before.owner_id:
        await alerts.hand_over(work, indicator_id, after.owner_id)
    return after


async def move_indicator(work: Work, indicator_id: UUID, action: str) -> Indicator:
    """Pause an indicator, or evaluate it again; its alert stays as it is. Raises NotFound, StateConflict."""
    before = await require(work, INDICATORS, indicator_id, lock=True)
    state = next_state(NOUN, MOVES, action, before.state)
    after = await change(work, INDICATORS, before, {"state": state}, action=action)
    await repository.schedule(work.tx, indicator_id, clock.now() if state is IndicatorState.ACTIVE else None)
    return after


async def touched_by_orders(work: Work, order_ids: Collection[UUID]) -> Touched:
    """Whom orders count for, and on which days they are sold, returned and due, as far as they are known here."""
    known = await repository.parties(work.tx, order_ids) if order_ids else []
    accounts = frozenset(one.account_id for one in known if one.account_id is not None)
    named = [str(each) for one in known for each in (one.partner_id, one.region) if each is not None]
    days = await repository.days_of(work.tx, order_ids) if order_ids else set()
    return Touched(accounts, frozenset(named), frozenset(days))
