"""Rules made ready once for many carts: by code, with what of them never depends on a cart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.channels.evaluator.carts import Cart, Context, Left
from services.channels.evaluator.eligibility import FREE, Gate, Traits, later_refusal
from services.channels.evaluator.results import NotApplied, Reason
from services.channels.evaluator.rewards import Bundle, Gift, Phase, Products, Rule, amounts_of


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule with its number in the order of codes, and the number of its products among all different ones."""

    rule: Rule
    number: int
    pool: int
    phase: Phase
    traits: Traits
    is_simple: bool


@dataclass(frozen=True, slots=True)
class Compiled:
    """All rules, by code; `pools` are the different sets of products that they name."""

    rules: tuple[Ready, ...]
    pools: tuple[Products, ...]


class Candidate:
    """A rule that may count for a cart, and the places of the lines that it is for."""

    __slots__ = ("left", "number", "places", "pool", "ready", "rule")

    def __init__(self, ready: Ready, places: tuple[int, ...], left: Left) -> None:
        self.ready, self.rule, self.number, self.pool = ready, ready.rule, ready.number, ready.pool
        self.places, self.left = places, left


@dataclass(slots=True)
class Chosen:
    """Candidates by phase and by whether they are solo, and why the others are none."""

    together: dict[Phase, list[Candidate]] = field(default_factory=lambda: {phase: [] for phase in Phase})
    solo: dict[Phase, list[Candidate]] = field(default_factory=lambda: {phase: [] for phase in Phase})
    refused: dict[str, NotApplied] = field(default_factory=dict)


def compile_rules(rules: Iterable[Rule]) -> Compiled:
    """Rules (each code once) made ready; raises ValueError for a cap in a group that takes the best of each line."""
    pools: dict[Products, int] = {}
    windows: dict[object, int] = {}
    audiences: dict[object, int] = {}
    ready = []
    for number, rule in enumerate(sorted(rules, key=lambda rule: rule.code)):
        if rule.per_line and (rule.phase is not Phase.LINE or rule.max_discount):
            raise ValueError(f"{rule.code}: best of each line, with a cap on the order")
        products = _products_of(rule)
        currencies = [frozenset(amounts) for amounts in (amounts_of(rule.reward), rule.max_discount) if amounts]
        traits = Traits(
            windows.setdefault(rule.windows, len(windows)),
            audiences.setdefault((rule.audience, rule.condition, rule.quiet_days), len(audiences)),
            frozenset.intersection(*currencies) if currencies else None,
        )
        pool = pools.setdefault(products, len(pools))
        ready.append(Ready(rule, number, pool, rule.phase, traits, not products.excluded))
    if len({one.rule.code for one in ready}) < len(ready):
        raise ValueError("each code once")
    return Compiled(tuple(ready), tuple(pools))


def _products_of(rule: Rule) -> Products:
    if isinstance(rule.reward, Bundle):
        return Products(skus=frozenset(need.sku for need in rule.reward.needs))
    return rule.products


def candidates(compiled: Compiled, cart: Cart, context: Context, left: Mapping[str, Left]) -> Chosen:
    """Which rules may count for a cart, with the first reason of the others."""
    chosen, gate = Chosen(), Gate(context)
    found: dict[int, tuple[int, ...]] = {}
    for ready in compiled.rules:
        rule = ready.rule
        reason = gate.refusal(rule, ready.traits)
        if reason is None:
            places = found.get(ready.pool)
            if places is None:
                places = found[ready.pool] = cart.places_of(compiled.pools[ready.pool])
            reason = Reason.PRODUCTS if not places or _lacks_gift(rule, context) else later_refusal(rule, context)
            if reason is None:
                side = chosen.solo if rule.solo else chosen.together
                side[ready.phase].append(Candidate(ready, places, left.get(rule.code, FREE)))
                continue
        chosen.refused[rule.code] = NotApplied(rule.code, reason)
    return chosen


def _lacks_gift(rule: Rule, context: Context) -> bool:
    return isinstance(rule.reward, Gift) and rule.reward.sku not in context.gift_values
