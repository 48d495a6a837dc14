"""What is evaluated: who buys, priced lines, what is left of budgets and uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

from kit.money import SHARE_WHOLE
from services.channels.evaluator.rewards import Products
from services.channels.price_books.rules import Buyer


class GiftValue(NamedTuple):
    """List price of a unit in the cart's currency, full cost of it in base currency."""

    list_price: int
    cost_base: int


class Left(NamedTuple):
    """What is left of a promotion: budget in base currency, uses of this account; None: unlimited."""

    budget_base: int | None = None
    uses: int | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """Who buys, when and how; what is not known (None) matches no rule that asks for it.

    `to_base` is base minor units per minor unit of `currency`. `coupons`, `declined` and `gifts` are codes of
    promotions. `quiet_days` is how long ago the last order is, None without one. `manual_share` is how much of a line
    the seller may take off alone.
    """

    currency: str
    moment: datetime
    buyer: Buyer
    to_base: Fraction = Fraction(1)
    customer_type: str | None = None
    lifecycle_stage: str | None = None
    has_ordered: bool = False
    quiet_days: int | None = None
    is_member: bool = False
    payment_terms_days: int = 0
    coupons: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()
    gifts: frozenset[str] = frozenset()
    gift_values: Mapping[str, GiftValue] = field(default_factory=lambda: MappingProxyType({}))
    manual_share: int = SHARE_WHOLE


class PricedLine(NamedTuple):
    """A line with its price: amounts in the cart's currency; `floor` is 0 where no cost is known.

    `approved` is the least net that a standing approval lets it have, None without one.
    """

    sku: str
    product_line: str
    quantity: int
    unit_price: int
    list_price: int
    floor: int = 0
    manual: int = 0
    approved: int | None = None

    @property
    def amount(self) -> int:
        """What it costs before any discount."""
        return self.quantity * self.unit_price

    def content(self) -> tuple[str, str, int, int, int, int, int, int]:
        """What lines are sorted by: of two that are equal in it, it does not matter which is which."""
        return (*self[:7], -1 if self.approved is None else self.approved)


class Cart:
    """Lines by content, found by product and product line; a place is an index into them."""

    def __init__(self, lines: Sequence[PricedLine]) -> None:
        self.order = sorted(range(len(lines)), key=lambda index: lines[index].content())
        self.lines = tuple(lines[index] for index in self.order)
        self.places = tuple(range(len(lines)))
        self.quantities = tuple(line.quantity for line in self.lines)
        self.by_sku = _places(line.sku for line in self.lines)
        self.by_line = _places(line.product_line for line in self.lines)

    def places_of(self, products: Products) -> tuple[int, ...]:
        """Places of lines that a rule is for, in their order."""
        found = self.places
        if products.skus or products.lines:
            skus = _common(products.skus, self.by_sku)
            lines = _common(products.lines, self.by_line)
            chunks = [*(self.by_sku[sku] for sku in skus), *(self.by_line[line] for line in lines)]
            found = chunks[0] if len(chunks) == 1 else tuple(sorted({place for chunk in chunks for place in chunk}))
        if products.excluded and not products.excluded.isdisjoint(self.by_sku):
            found = tuple(place for place in found if self.lines[place].sku not in products.excluded)
        return found


def _places(names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        found.setdefault(name, []).append(place)
    return {name: tuple(places) for name, places in found.items()}


def _common(wanted: frozenset[str], known: Mapping[str, object]) -> list[str]:
    return [name for name in wanted if name in known] if len(wanted) < len(known) else [n for n in known if n in wanted]


@dataclass(slots=True)
class Stage:
    """What a phase begins with: nets of the lines, and the room that they leave above the floor."""

    cart: Cart
    context: Context
    nets: list[int]
    rooms: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.rooms = [max(0, net - line.floor) for net, line in zip(self.nets, self.cart.lines, strict=True)]

    def rooms_of(self, *, below_floor: bool) -> list[int]:
        """What a rule may give of each line at most."""
        return self.nets if below_floor else self.rooms

    def in_base(self, amount: int) -> int:
        """An amount in base currency, half-even."""
        return round(amount * self.context.to_base)


class Sums(NamedTuple):
    """Over the lines of a set of products."""

    net: int
    room: int
    quantity: int


class Totals:
    """Sums over the lines of each set of products (by its number), made when first asked for."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._found: dict[int, Sums] = {}

    def of(self, pool: int, places: Sequence[int]) -> Sums:
        """Net, room and quantity of lines."""
        found = self._found.get(pool)
        if found is None:
            nets, rooms, lines = self._stage.nets, self._stage.rooms, self._stage.cart.lines
            found = self._found[pool] = Sums(
                sum(nets[place] for place in places),
                sum(rooms[place] for place in places),
                sum(lines[place].quantity for place in places),
            )
        return found
