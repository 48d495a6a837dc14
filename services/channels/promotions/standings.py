"""The promotions that stand, made ready once for many carts.

A process keeps them under the stamp of the counter that each change raises in its own transaction; every request reads
the stamp, so none counts with rules that had changed before it began.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from kit.db.text_keys import fold_code
from kit.work import Work
from services.channels.evaluator.carts import Left
from services.channels.evaluator.compiled import Compiled, compile_rules
from services.channels.evaluator.rewards import Gift
from services.channels.promotion_groups import service as groups
from services.channels.promotions import repository
from services.channels.promotions.models import Promotion
from services.channels.promotions.terms import rule_of

KEPT = 4
"""Sets of rules that a process keeps: the one that stands, and those that transactions under way began with."""


class Limits(NamedTuple):
    """Of a promotion: its id, budget in base currency and uses; None is unlimited."""

    promotion_id: UUID
    budget_base: int | None
    uses: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Compiled rules, limits by code, own spelling of codes by their folded one."""

    compiled: Compiled
    limits: Mapping[str, Limits] = field(default_factory=lambda: MappingProxyType({}))
    spelt: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def left(self) -> dict[str, Left]:
        """What is left of limited promotions."""
        limited = {code: one for code, one in self.limits.items() if (one.budget_base, one.uses) != (None, None)}
        return {code: Left(one.budget_base, one.uses) for code, one in limited.items()}

    def gifts(self) -> dict[str, Gift]:
        """Rewards that are gifts, by code."""
        found = ((ready.rule.code, ready.rule.reward) for ready in self.compiled.rules)
        return {code: reward for code, reward in found if isinstance(reward, Gift)}

    def named(self, code: str) -> str:
        """A code as the promotion spells it; one that is unknown stays as it is."""
        return self.spelt.get(fold_code(code), code)


NOTHING = Standing(Compiled((), ()))
_known: dict[UUID, Standing] = {}


async def standing_rules(work: Work) -> Standing:
    """All promotions that are approved and have not ended."""
    stamp = await repository.stamp(work.tx)
    if stamp is None:
        return NOTHING
    found = _known.get(stamp)
    if found is None:
        found = await _load(work)
        while len(_known) >= KEPT:
            _known.pop(next(iter(_known)), None)
        _known[stamp] = found
    return found


async def _load(work: Work) -> Standing:
    rows = await repository.standing(work.tx)
    found = await groups.groups_by_id(work, sorted({row.group_id for row in rows}))
    return Standing(
        compile_rules(rule_of(row, found[row.group_id]) for row in rows),
        {row.code: Limits(row.id, row.budget_base, _uses(row)) for row in rows},
        {fold_code(row.code): row.code for row in rows},
    )


def _uses(row: Promotion) -> int | None:
    """Of one account: the smaller of both."""
    return min((one for one in (row.uses, row.uses_per_account) if one is not None), default=None)
