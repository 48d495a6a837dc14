"""Pure rules of promotions: states, what a kind needs, the rule that the evaluator counts with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from kit.errors import Conflict, FieldError
from kit.transitions import Move, Moves
from services.channels.evaluator.rewards import Condition, Phase, Rule, Window
from services.channels.promotion_groups.enums import GroupPer
from services.channels.promotion_groups.models import PromotionGroup
from services.channels.promotions.bodies import RewardBody, SpendEveryBody, reward_of
from services.channels.promotions.enums import PromotionKind, PromotionState
from services.channels.promotions.models import Promotion

_RUNNING = (PromotionState.APPROVED, PromotionState.SCHEDULED, PromotionState.ACTIVE)
_STANDING = (*_RUNNING, PromotionState.PAUSED)
MOVES: Moves[PromotionState] = {
    "replace": Move((PromotionState.DRAFT,), PromotionState.DRAFT),
    "approve": Move((PromotionState.DRAFT,), PromotionState.APPROVED),
    "pause": Move(_RUNNING, PromotionState.PAUSED),
    "resume": Move((PromotionState.PAUSED,), PromotionState.APPROVED),
    "end": Move(_STANDING, PromotionState.ENDED),
}
CHANGEABLE = (PromotionState.DRAFT, *_STANDING)
"""States in which budget and uses may change."""
COUNTING = frozenset(_RUNNING)
"""States in which the evaluator looks at the windows."""
_ANY = frozenset(
    {
        "line_rate",
        "line_amount",
        "line_price",
        "ladder",
        "bundle",
        "nth_piece",
        "order_rate",
        "spend_steps",
        "spend_every",
        "gift",
    }
)
REWARDS: dict[PromotionKind, frozenset[str]] = {
    **dict.fromkeys(PromotionKind, _ANY),
    PromotionKind.CASH_OFF: frozenset({"line_rate", "line_amount", "order_rate"}),
    PromotionKind.PROMPT_PAYMENT: frozenset({"order_rate"}),
    PromotionKind.QUANTITY: frozenset({"ladder"}),
    PromotionKind.GIFT: frozenset({"gift"}),
    PromotionKind.BUNDLE: frozenset({"bundle"}),
    PromotionKind.NTH_PIECE: frozenset({"nth_piece"}),
    PromotionKind.SPEND: frozenset({"spend_steps", "spend_every"}),
    PromotionKind.MEMBER_PRICE: frozenset({"line_price"}),
}
"""Rewards that a kind may have."""
CONDITIONS = {
    PromotionKind.FIRST_ORDER: Condition.FIRST_ORDER,
    PromotionKind.QUIET: Condition.QUIET,
    PromotionKind.MEMBER_PRICE: Condition.MEMBER,
}


class SamePerson(Conflict):
    code, title = "same-person", "Somebody else than its author must decide"


class Terms(NamedTuple):
    """What of a promotion its shape depends on."""

    kind: PromotionKind
    reward: RewardBody
    payment_terms_max: int | None
    needs_coupon: bool
    has_cap: bool
    max_times: int | None


def faults_of_terms(terms: Terms, group: PromotionGroup) -> list[FieldError]:
    """What the kind, the reward and the group do not allow together."""
    faults = []
    phase = phase_of(terms.reward)
    if terms.reward.type not in REWARDS[terms.kind]:
        faults.append(FieldError("/reward/type", "not-of-this-kind", f"{terms.kind} has no {terms.reward.type}"))
    if phase is not group.phase:
        faults.append(FieldError("/group_id", "other-phase", f"the group is of {group.phase}, the reward of {phase}"))
    if terms.kind is PromotionKind.PROMPT_PAYMENT and terms.payment_terms_max is None:
        faults.append(FieldError("/payment_terms_max", "missing", "prompt payment is within so many days"))
    if terms.kind is PromotionKind.COUPON and not terms.needs_coupon:
        faults.append(FieldError("/needs_coupon", "missing", "a coupon promotion needs one"))
    if terms.has_cap and group.per is GroupPer.LINE:
        faults.append(FieldError("/max_discount", "cap-in-line-group", "each line takes its best: no cap on the order"))
    if terms.has_cap and phase is Phase.GIFT:
        faults.append(FieldError("/max_discount", "not-taken", "a gift has no cap"))
    is_counted = phase is Phase.SET or isinstance(terms.reward, SpendEveryBody)
    if terms.max_times is not None and not is_counted:
        faults.append(FieldError("/max_times", "not-taken", "only sets and `spend_every` are counted"))
    if terms.reward.type == "nth_piece" and terms.reward.reduced > terms.reward.pieces:
        faults.append(FieldError("/reward/reduced", "too-many", "more than all pieces"))
    return faults


def phase_of(reward: RewardBody) -> Phase:
    """The step in which a reward takes effect."""
    return Rule(code="", version=0, reward=reward_of(reward), group="").phase


class Course(NamedTuple):
    """A state that dates bring about, and the moment."""

    state: PromotionState
    at: datetime


def next_course(state: PromotionState, starts_at: datetime, ends_at: datetime | None, now: datetime) -> Course | None:
    """Where dates lead from a state next; what is approved goes on at once."""
    match state:
        case PromotionState.APPROVED if now < starts_at:
            return Course(PromotionState.SCHEDULED, now)
        case PromotionState.APPROVED:
            return Course(PromotionState.ACTIVE, now)
        case PromotionState.SCHEDULED:
            return Course(PromotionState.ACTIVE, starts_at)
        case PromotionState.ACTIVE if ends_at is not None:
            return Course(PromotionState.ENDED, ends_at)
        case _:
            return None


def span_of(windows: Sequence[Window]) -> tuple[datetime, datetime | None]:
    """The first start of windows, and their last end (None: one is open)."""
    ends = [one.end for one in windows]
    return min(one.start for one in windows), None if None in ends else max(end for end in ends if end is not None)


def rule_of(promotion: Promotion, group: PromotionGroup) -> Rule:
    """The promotion as the evaluator counts with it."""
    return Rule(
        code=promotion.code,
        version=promotion.version,
        reward=reward_of(promotion.reward),
        group=group.code,
        per_line=group.per is GroupPer.LINE,
        solo=promotion.solo,
        is_active=promotion.state in COUNTING,
        windows=tuple(Window(one.starts_at, one.ends_at) for one in promotion.windows),
        products=promotion.products.named(),
        audience=promotion.audience.named(),
        condition=CONDITIONS.get(promotion.kind),
        quiet_days=promotion.quiet_days,
        payment_terms_max=promotion.payment_terms_max,
        needs_coupon=promotion.needs_coupon,
        below_floor=promotion.below_floor,
        max_discount=promotion.max_discount,
        max_times=promotion.max_times,
    )
