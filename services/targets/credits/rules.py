"""Pure rules of crediting: an order's net amounts over its credited members, and what a return takes from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import chain
from uuid import UUID

from kit.errors import Invalid
from kit.money import MAX_AMOUNT, SHARE_WHOLE
from services.targets.credits.rounding import OutOfRange, round_matrix

RULE = 3
"""The rule that decides now; facts that name none are of the first (`first_rule`), those of the second have net amounts
only."""

Cells = dict[tuple[int, UUID], int]
"""Minor units of the base currency by order line and member."""


class CreditSharesInvalid(Invalid, ValueError):
    """Shares are not positive, name a member twice, or do not sum to 100 %."""

    code, title = "credit-shares-invalid", "The credited shares are not valid"


class ReturnPastCredit(ValueError):
    """More is returned of a line than stands credited of it."""


def credit(order_id: UUID, amounts: Mapping[int, int], shares: Mapping[UUID, int]) -> Cells:
    """Credit the net amount of each order line over the members by their `shares` (1e-6).

    One rounding of the whole order: each line exact, each cell and each member's total floor or ceiling of the exact
    value. Cells of 0 are kept. Raises CreditSharesInvalid, ValueError past 10^13.
    """
    check_shares(shares.values())
    _check_amounts(amounts)
    if len(shares) == 1:
        return {(line, member): amounts[line] for member in shares for line in sorted(amounts)}
    members, lines = _members(order_id, shares), _lines(order_id, amounts)
    cells = round_matrix([amounts[line] for line in lines], [shares[member] for member in members])
    return _cells(lines, members, cells)


def take_back(order_id: UUID, returned: Mapping[int, int], shares: Mapping[UUID, int], standing: Cells) -> Cells:
    """What a return adds to the credits (as a rule negative) of the lines and members it touches.

    `returned` is the net amount that comes back now of each line; `standing` has every line of the order, whatever rule
    credited it. Each cell moves between 0 and what stands, each line exactly; the odd cents are taken from whoever is
    furthest above their share of all that stands of the order then. Cells of 0 are kept. Raises CreditSharesInvalid,
    ReturnPastCredit.
    """
    check_shares(shares.values())
    members = _members(order_id, shares)
    weights = [shares[member] for member in members]
    numbers = sorted({line for line, _ in standing} | returned.keys())
    stands = {line: [standing.get((line, member), 0) for member in members] for line in numbers}
    left = {line: sum(stands[line]) - amount for line, amount in returned.items()}
    lines = _lines(order_id, left)
    try:
        after = round_matrix(
            [left[line] for line in lines],
            weights,
            [[(min(0, cell), max(0, cell)) for cell in stands[line]] for line in lines],
            _surplus([cells for line, cells in stands.items() if line not in returned], weights),
        )
    except OutOfRange as error:
        raise ReturnPastCredit(str(error)) from None
    return {key: cell - standing.get(key, 0) for key, cell in _cells(lines, members, after).items()}


def check_shares(shares: Iterable[int]) -> None:
    """Raises CreditSharesInvalid unless all are positive and sum to 100 %."""
    known = list(shares)
    if any(share <= 0 for share in known):
        raise CreditSharesInvalid("every share must be positive")
    if (whole := sum(known)) != SHARE_WHOLE:
        raise CreditSharesInvalid(f"shares sum to {whole}, not {SHARE_WHOLE}")


def _check_amounts(amounts: Mapping[int, int]) -> None:
    for line, amount in amounts.items():
        if abs(amount) > MAX_AMOUNT:
            raise ValueError(f"line {line}: the amount passes {MAX_AMOUNT}")


def _surplus(lines: Sequence[Sequence[int]], weights: Sequence[int]) -> list[int]:
    """What stands above each member's share of these lines, in parts of a cent."""
    whole, total = sum(weights), sum(map(sum, lines))
    return [sum(cells[number] for cells in lines) * whole - total * weight for number, weight in enumerate(weights)]


def _members(order_id: UUID, shares: Mapping[UUID, int]) -> list[UUID]:
    """Members in the order in which ties go: by lot, drawn per order for each share, among equal shares per member."""
    lots = {share: _lot(order_id, share) for share in shares.values()}
    return sorted(shares, key=lambda member: (lots[shares[member]], _lot(order_id, member)))


def _lines(order_id: UUID, amounts: Mapping[int, int]) -> list[int]:
    """Lines in the order in which they are rounded: large ones first, equal ones by lot."""
    return sorted(amounts, key=lambda line: (-abs(amounts[line]), -amounts[line], _lot(order_id, line)))


@lru_cache(maxsize=4096)
def _lot(order_id: UUID, value: object) -> bytes:
    return sha256(f"{order_id}:{value}".encode()).digest()


def _cells(lines: Sequence[int], members: Sequence[UUID], cells: Sequence[Sequence[int]]) -> Cells:
    """Cells by line and member, in the order of their numbers and ids."""
    keys = ((line, member) for line in lines for member in members)
    return dict(sorted(zip(keys, chain.from_iterable(cells), strict=True)))
