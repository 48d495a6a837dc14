"""Pure rules of what children are together beyond or short of the amount: how much may be, and who holds it."""

from __future__ import annotations

from collections.abc import Collection

from kit.errors import Conflict
from kit.money import MAX_AMOUNT, SHARE_WHOLE

KEY = "balancing"


class OverAssignment(Conflict):
    code, title = "over-assignment", "The children pass the amount by more than the policy allows"


class AmountTooLarge(Conflict):
    code, title = "amount-too-large", f"A child would pass {MAX_AMOUNT}"


def assigned(amount: int, over: int) -> int:
    """What children split of an amount (minor units) that is over-assigned by a share (1e-6), away from zero and never
    beyond the share."""
    more = abs(amount) * over // SHARE_WHOLE
    return amount - more if amount < 0 else amount + more


def beyond(amount: int, over: int) -> int:
    """What the balancing child of an over-assignment holds of an amount."""
    return amount - assigned(amount, over)


def check_share(over: int, most: int) -> None:
    """An over-assignment is at most that of the policy (shares in 1e-6). Raises OverAssignment."""
    if over > most:
        detail = f"{over} of at most {most} millionths"
        raise OverAssignment(detail, extra={"over_assignment": over, "over_assignment_max": most})


def check_total(amount: int, total: int, most: int) -> None:
    """What children are together passes the amount by the share of the policy at most; below it anything may be, of a
    negative amount the mirror image. Raises OverAssignment."""
    passed = amount - total if amount < 0 else total - amount
    if passed > abs(amount) * most // SHARE_WHOLE:
        detail = f"{total} of {amount}, at most {assigned(amount, most)}"
        raise OverAssignment(detail, extra={"amount": amount, "assigned": total, "over_assignment_max": most})


def check_amounts(amounts: Collection[int]) -> None:
    """Raises AmountTooLarge."""
    if any(abs(one) > MAX_AMOUNT for one in amounts):
        raise AmountTooLarge


def free_key(taken: Collection[str]) -> str:
    """The key of a balancing child, apart from those of its siblings."""
    key = KEY
    while key in taken:
        key = f"~{key}"
    return key
