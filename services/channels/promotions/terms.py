"""Whether the terms of a promotion go together, and the rule that the evaluator counts with."""

from __future__ import annotations

from typing import NamedTuple

from kit.errors import FieldError
from services.channels.evaluator.rewards import Phase, Rule, Window
from services.channels.promotion_groups.enums import GroupPer
from services.channels.promotion_groups.models import PromotionGroup
from services.channels.promotions.bodies import NthPieceBody, RewardBody, SpendEveryBody, reward_of
from services.channels.promotions.enums import PromotionKind
from services.channels.promotions.models import Promotion
from services.channels.promotions.rules import CONDITIONS, COUNTING, REWARDS


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
    if isinstance(terms.reward, NthPieceBody) and terms.reward.reduced > terms.reward.pieces:
        faults.append(FieldError("/reward/reduced", "too-many", "more than all pieces"))
    return faults


def phase_of(reward: RewardBody) -> Phase:
    """The step in which a reward takes effect."""
    return Rule(code="", version=0, reward=reward_of(reward), group="").phase


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
