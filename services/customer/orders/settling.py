"""Pure rules of what is owed: what settling a part of an order, by a return or by money, is worth in base currency."""

from __future__ import annotations

from typing import Protocol


class Owed(Protocol):
    """What of an order is settled: gross amounts of what came back and of what was paid less what was refunded, in its
    own currency, and what was booked for them in base currency (`*_base`)."""

    @property
    def gross(self) -> int: ...
    @property
    def gross_base(self) -> int: ...
    @property
    def returned(self) -> int: ...
    @property
    def returned_base(self) -> int: ...
    @property
    def paid(self) -> int: ...
    @property
    def paid_base(self) -> int: ...


def worth(gross: int, gross_base: int, settled: int) -> int:
    """What `settled` minor units, 0 to twice `gross`, of an order are worth in base currency.

    floor(gross_base x settled / gross + 1/2). Half up, not half-even: so settling `gross` more is always worth
    `gross_base` more, also of an order that was paid and then came back. An order of nothing is worth 0.
    """
    return (2 * gross_base * settled + gross) // (2 * gross) if gross else 0


def booking(order: Owed, amount: int) -> int:
    """What is booked in base currency when `amount` more of an order is settled (less, where it is negative).

    The worth of all that is settled then, less what is booked: whatever the steps, an order that is settled in its
    currency is settled in base currency. Never against the direction of `amount`: where more was booked than by this
    rule, nothing is, until the worth has caught up.
    """
    after = worth(order.gross, order.gross_base, order.returned + order.paid + amount)
    missing = after - order.returned_base - order.paid_base
    return max(0, missing) if amount >= 0 else min(0, missing)
