"""What commands of orders, payments and returns know besides their data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kit.security.principals import Actor, Scope
from kit.web.context import Context


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command knows besides its data: the caller, what they see, the business day, the base
    currency, the key of audited personal fields."""

    actor: Actor
    scope: Scope
    today: date
    base_currency: str
    key: bytes


async def desk_of(context: Context) -> Desk:
    """Everything a command needs of its request."""
    return Desk(context.actor, await context.scope(), context.today, context.base_currency, context.secret)
