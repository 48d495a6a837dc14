"""Use cases of promotions: draft, approve, pause, resume, end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from kit import clock
from kit.errors import FieldError, Invalid, NotHeardYet, StateConflict, UnknownReference
from kit.events import outbox
from kit.events.envelope import Event
from kit.records import Change, Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.channels.evaluator.rewards import Window
from services.channels.events_out import PromotionActivated, PromotionBudgetExhausted, PromotionEnded
from services.channels.products import service as products
from services.channels.promotion_groups import service as groups
from services.channels.promotion_groups.models import PromotionGroup
from services.channels.promotions import repository
from services.channels.promotions.bodies import BundleBody, GiftBody, NeedBody, ProductsBody, RewardBody
from services.channels.promotions.enums import PromotionState
from services.channels.promotions.models import Promotion
from services.channels.promotions.rules import (
    CHANGEABLE,
    MOVES,
    SamePerson,
    next_course,
    span_of,
)
from services.channels.promotions.schemas import PromotionCreate, PromotionUpdate, WindowBody
from services.channels.promotions.terms import Terms, faults_of_terms
from services.channels.sales import service as sales

NOUN = "promotion"
TERMS = (*PromotionCreate.model_fields, "honour")
ONE_DAY = timedelta(days=1)


class PromotionInvalid(Invalid):
    code, title = "promotion-invalid", "The promotion cannot be as it is written"


class ValidityInvalid(Invalid):
    code, title = "validity-invalid", "A window ends before it begins"


def resource(work: Work, day: date | None = None) -> Resource[Promotion]:
    """Promotions, whose facts are of a business day (today by default)."""

    def said(one: Change[Promotion]) -> PromotionActivated | PromotionEnded | None:
        more = {
            "changed": one.changed,
            "business_date": day or work.today,
            "currency": work.base_currency,
            "owner_id": None,
        }
        if one.after.state is PromotionState.ACTIVE:
            return PromotionActivated.of(one.after, **more)
        return PromotionEnded.of(one.after, **more) if one.after.state is PromotionState.ENDED else None

    return Resource(NOUN, Promotion, said, audited=TERMS, unique=("code",))


async def draft_promotion(work: Work, data: PromotionCreate) -> Promotion:
    """A draft; raises PromotionInvalid, ValidityInvalid, UnknownReference, NotHeardYet, Taken."""
    terms = await _checked(work, data)
    promotion = Promotion(**fresh(), **terms, state=PromotionState.DRAFT, created_by=work.actor.subject)
    return await add(work, resource(work), promotion, action="draft")


async def require_promotion(work: Work, promotion_id: UUID) -> Promotion:
    """A promotion by id; raises NotFound."""
    return await require(work, resource(work), promotion_id)


async def lock_promotions(work: Work, ids: Sequence[UUID]) -> dict[UUID, Promotion]:
    """Promotions by id, locked: until the end of the transaction nobody else takes of their budgets or uses."""
    return {row.id: row for row in await repository.lock_promotions(work.tx, ids)} if ids else {}


class BudgetStep(NamedTuple):
    """What becomes of a budget: what was asked of it did not fit what is left (said, with what brought it about), or
    (no cause) something came back."""

    promotion_id: UUID
    left_base: int = 0
    cause: Event | None = None


async def save_budgets(work: Work, locked: Mapping[UUID, Promotion], steps: Sequence[BudgetStep]) -> None:
    """Write steps of budgets of locked promotions, in their order; only what is exhausted is said. The last that a
    transaction does: it may take the lock of the counter."""
    rows = {one.promotion_id: locked[one.promotion_id] for one in steps}
    events = []
    for one in steps:
        row: Promotion = rows[one.promotion_id]
        if one.cause is None:
            rows[row.id] = row.model_copy(update={"exhausted_at": None})
            continue
        now = clock.now()
        changes: dict[str, object] = {"exhausted_at": now, "version": row.version + 1, "updated_at": now}
        rows[row.id] = after = row.model_copy(update=changes)
        caused = work.caused_by(one.cause)
        more = {"changed": [], "business_date": caused.today, "currency": work.base_currency, "owner_id": None}
        said = PromotionBudgetExhausted.of(after, **more, left_base=one.left_base)
        events.append(outbox.compose(caused, said, after.version))
    await repository.save_budgets(work.tx, [row for _id, row in sorted(rows.items())])
    await outbox.add(work.tx, work.service, events)
    if events:
        await repository.raise_counter(work.tx)


async def replace_promotion(work: Work, promotion_id: UUID, version: Versions, data: PromotionCreate) -> Promotion:
    """Set all terms of a draft; whoever does is its author. Raises NotFound, StateConflict, VersionMismatch and what a
    draft raises."""
    before = await require(work, resource(work), promotion_id, version=version)
    next_state(NOUN, MOVES, "replace", before.state)
    terms = await _checked(work, data)
    return await _change(work, before, {**terms, "created_by": work.actor.subject}, "replace")


async def update_promotion(work: Work, promotion_id: UUID, version: Versions, data: PromotionUpdate) -> Promotion:
    """Change budget or uses; raises NotFound, StateConflict once it has ended, VersionMismatch."""
    before = await require(work, resource(work), promotion_id, version=version)
    if before.state not in CHANGEABLE:
        raise StateConflict(NOUN, "change", before.state, CHANGEABLE)
    changes = data.given()
    if changes.get("budget_base", before.budget_base) != before.budget_base:
        changes |= {"exhausted_at": None}
    return await _change(work, before, changes, "change")


async def approve_promotion(work: Work, promotion_id: UUID) -> Promotion:
    """Let a draft of somebody else count; raises NotFound, StateConflict, SamePerson."""
    before = await require(work, resource(work), promotion_id, lock=True)
    state = next_state(NOUN, MOVES, "approve", before.state)
    if work.actor.subject == before.created_by:
        raise SamePerson()
    return await _change(work, before, {"state": state, "approved_by": work.actor.subject}, "approve")


async def move_promotion(work: Work, promotion_id: UUID, action: str, **changes: Any) -> Promotion:
    """Pause, resume or end; raises NotFound, StateConflict."""
    before = await require(work, resource(work), promotion_id, lock=True)
    return await _change(work, before, {**changes, "state": next_state(NOUN, MOVES, action, before.state)}, action)


async def move_by_date(work: Work, before: Promotion, state: PromotionState, at: datetime) -> Promotion:
    """The state that a date brings about, said of its day."""
    day = clock.business_date(work.settings.timezone, at)
    return await _change(work, before, {"state": state}, f"become {state}", day)


async def _change(
    work: Work, before: Promotion, changes: Mapping[str, Any], action: str, day: date | None = None
) -> Promotion:
    """Change a promotion with what becomes due, and say that rules change where it stands."""
    state = changes.get("state", before.state)
    course = next_course(state, before.starts_at, before.ends_at, clock.now())
    written = {**changes, "due_at": course.at if course else None} if state is not before.state else changes
    after = await change(work, resource(work, day), before, written, action=action)
    if after is not before and after.state is not PromotionState.DRAFT:
        await repository.raise_counter(work.tx)
    return after


async def _checked(work: Work, data: PromotionCreate) -> dict[str, Any]:
    """The columns of a draft."""
    windows = [_window(work, body) for body in data.windows]
    faults = [
        FieldError(f"/windows/{number}", ValidityInvalid.code, "ends before it begins")
        for number, one in enumerate(windows)
        if one.end is not None and one.end <= one.start
    ]
    if faults:
        raise ValidityInvalid(errors=faults)
    faults = faults_of_terms(_terms(data), await _group(work, data.group_id))
    if faults:
        raise PromotionInvalid(errors=faults)
    data = await _known(work, data)
    starts_at, ends_at = span_of(windows)
    shown = [{"starts_at": one.start, "ends_at": one.end} for one in sorted(windows, key=lambda one: one.start)]
    return {**data.model_dump(), "windows": shown, "starts_at": starts_at, "ends_at": ends_at}


def _terms(data: PromotionCreate) -> Terms:
    return Terms(
        data.kind, data.reward, data.payment_terms_max, data.needs_coupon, bool(data.max_discount), data.max_times
    )


def _window(work: Work, body: WindowBody) -> Window:
    """Whole days are from 00:00 of the first until 24:00 of the last, in the company's zone."""
    if body.starts_at is not None:
        return Window(body.starts_at, body.ends_at)
    assert body.starts_on is not None, "a window has a first day or a first moment"
    zone = work.settings.timezone
    end = None if body.ends_on is None else clock.start_of_day(zone, body.ends_on + ONE_DAY)
    return Window(clock.start_of_day(zone, body.starts_on), end)


async def _group(work: Work, group_id: UUID) -> PromotionGroup:
    found = (await groups.groups_by_id(work, [group_id])).get(group_id)
    if found is None:
        raise UnknownReference(errors=[FieldError("/group_id", UnknownReference.code, "no group of this id")])
    return found


async def _known(work: Work, data: PromotionCreate) -> PromotionCreate:
    """The terms with skus and lines in their own spelling. Products, lines and accounts must be known; the others match
    nobody until they are."""
    named = [(f"/products/skus/{n}", sku) for n, sku in enumerate(data.products.skus)]
    named += [(f"/products/excluded/{n}", sku) for n, sku in enumerate(data.products.excluded)]
    if isinstance(data.reward, BundleBody):
        named += [(f"/reward/needs/{n}/sku", need.sku) for n, need in enumerate(data.reward.needs)]
    if isinstance(data.reward, GiftBody):
        named.append(("/reward/sku", data.reward.sku))
    skus = await products.products_by_sku(work, [sku for _at, sku in named])
    lines = await products.known_lines(work, data.products.product_lines)
    unknown = [at for at, sku in named if sku not in skus]
    unknown += [
        f"/products/product_lines/{n}" for n, line in enumerate(data.products.product_lines) if line not in lines
    ]
    if unknown:
        raise UnknownReference(errors=[FieldError(at, UnknownReference.code, "unknown here") for at in unknown])
    accounts = await sales.known_accounts(work, data.audience.account_ids)
    absent = [n for n, one in enumerate(data.audience.account_ids) if one not in accounts]
    if absent:
        at = [FieldError(f"/audience/account_ids/{n}", NotHeardYet.code, "not heard of yet") for n in absent]
        raise NotHeardYet(errors=at)
    return _respelled(data, {sku: product.sku for sku, product in skus.items()}, lines)


def _respelled(data: PromotionCreate, own: Mapping[str, str], lines: Mapping[str, str]) -> PromotionCreate:
    named: ProductsBody = data.products
    lists = {
        "skus": _own(named.skus, own),
        "product_lines": _own(named.product_lines, lines),
        "excluded": _own(named.excluded, own),
    }
    terms = {"products": named.model_copy(update=lists), "reward": _rewarded(data.reward, own)}
    return data.model_copy(update=terms)


def _own(skus: Sequence[str], own: Mapping[str, str]) -> list[str]:
    return list(dict.fromkeys(own[sku] for sku in skus))


def _rewarded(reward: RewardBody, own: Mapping[str, str]) -> RewardBody:
    if isinstance(reward, GiftBody):
        return GiftBody(**reward.model_dump() | {"sku": own[reward.sku]})
    if not isinstance(reward, BundleBody):
        return reward
    needs = [NeedBody(sku=own[need.sku], quantity=need.quantity) for need in reward.needs]
    if len({need.sku for need in needs}) < len(needs):
        raise PromotionInvalid(errors=[FieldError("/reward/needs", "repeated", "each product once")])
    return BundleBody(**reward.model_dump() | {"needs": needs})
