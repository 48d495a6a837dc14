"""Pure rules of agreements: states, what of a territory counts, when something is due, how a volume keeps pace."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from kit.errors import Conflict, FieldError, Invalid
from kit.money import SHARE_WHOLE, ratio
from kit.transitions import Move, Moves
from services.channels.agreements.enums import AgreementState

MOVES: Moves[AgreementState] = {
    "replace": Move((AgreementState.DRAFT, AgreementState.PROPOSED), AgreementState.DRAFT),
    "propose": Move((AgreementState.DRAFT,), AgreementState.PROPOSED),
    "sign": Move((AgreementState.PROPOSED,), AgreementState.SIGNED),
    "terminate": Move((AgreementState.SIGNED,), AgreementState.TERMINATED),
}
AMENDABLE = (AgreementState.SIGNED,)
RENEWABLE = (AgreementState.SIGNED, AgreementState.EXPIRED)
WARNINGS = (90, 60, 30)
"""Days before the last one on which is said that an agreement ends."""
ALL_LINES = ""
"""A cell of every product line."""
ONE_DAY = timedelta(days=1)


Discount = tuple[str, int, date | None]
"""A folded product line, what is off it, and the last day."""


class LineShare(NamedTuple):
    """What an agreement takes off list prices of a product line (millionths), until its last day (None: open)."""

    share: int
    end: date | None


class AgreementInvalid(Invalid):
    code, title = "agreement-invalid", "The agreement cannot be as it is written"


class ValidityInvalid(Invalid):
    code, title = "validity-invalid", "The dates do not fit"


class NoticeTooShort(Invalid):
    code, title = "notice-too-short", "The agreement asks for a longer notice"


class ExclusivityOverlap(Conflict):
    code, title = "exclusivity-overlap", "Another agreement stands for the same territory, lines, mode and days"


class AgreementsInForce(Conflict):
    code, title = "agreements-in-force", "Agreements with the partner are in force"


class DraftOpen(Conflict):
    code, title = "draft-open", "The next version of the agreement is open already"


class AgreementSuperseded(Conflict):
    code, title = "agreement-superseded", "A later version of the agreement is signed"


class AgreementOver(Conflict):
    code, title = "agreement-over", "The agreement was terminated"


def covers(region: str, other: str) -> bool:
    """Whether a region's code is a prefix of another's by whole parts, in whatever case.

    >>> covers("CN", "CN-SH"), covers("CN-S", "CN-SH")
    (True, False)
    """
    own, inner = region.lower(), other.lower()
    return inner == own or inner.startswith(f"{own}-")


def territory_of(regions: Iterable[str]) -> list[str]:
    """Folded regions without those that another one covers: together they are as much.

    >>> territory_of(["CN-SH", "CN", "JP-13", "cn"])
    ['cn', 'jp-13']
    """
    folded = sorted({region.lower() for region in regions})
    return [one for one in folded if not any(other != one and covers(other, one) for other in folded)]


def covering(region: str | None) -> list[str]:
    """Folded codes of the regions that cover one, itself last.

    >>> covering("CN-SH-01"), covering(None)
    (['cn', 'cn-sh', 'cn-sh-01'], [])
    """
    parts = region.lower().split("-") if region else []
    return ["-".join(parts[: end + 1]) for end in range(len(parts))]


def lines_of(product_lines: Iterable[str]) -> list[str]:
    """Folded product lines, each once; none named are all."""
    return sorted({line.lower() for line in product_lines}) or [ALL_LINES]


def first_warning(ends_on: date | None, today: date, before: int | None = None) -> int | None:
    """Of the warnings (those of fewer days than `before`), the next whose day has not passed; None: there is none.

    >>> first_warning(date(2026, 12, 31), date(2026, 10, 2)), first_warning(date(2026, 12, 31), date(2026, 10, 3))
    (90, 60)
    """
    if ends_on is None:
        return None
    left = [days for days in WARNINGS if before is None or days < before]
    return next((days for days in left if ends_on - timedelta(days) >= today), None)


def next_warning(warned: int) -> int | None:
    """The warning after one that was said, however late that was.

    >>> next_warning(90), next_warning(30)
    (60, None)
    """
    return next((days for days in WARNINGS if days < warned), None)


def due_day(ends_on: date | None, warning: int | None) -> date | None:
    """When something becomes of a signed agreement: its next warning, else its end; an open one has neither.

    >>> [str(due_day(date(2026, 12, 31), warning)) for warning in (90, 60, 30, None)]
    ['2026-10-02', '2026-11-01', '2026-12-01', '2027-01-01']
    """
    if ends_on is None:
        return None
    return ends_on + ONE_DAY if warning is None else ends_on - timedelta(warning)


def check_validity(valid_from: date, valid_to: date | None) -> None:
    """Raises ValidityInvalid for what ends before it begins."""
    if valid_to is not None and valid_to < valid_from:
        raise ValidityInvalid(errors=[FieldError("/valid_to", ValidityInvalid.code, "ends before it begins")])


def check_follows(valid_from: date, former_from: date, former_end: date | None) -> None:
    """A version begins after the former one began and leaves no gap behind its end. Raises ValidityInvalid."""
    if valid_from <= former_from:
        detail = f"the former version holds from {former_from} on, the next one from a later day"
    elif former_end is not None and valid_from > former_end + ONE_DAY:
        detail = f"the former version ends on {former_end}: the next one begins the day after at the latest"
    else:
        return
    raise ValidityInvalid(detail, errors=[FieldError("/valid_from", ValidityInvalid.code, detail)])


def elapsed_days(valid_from: date, valid_to: date, today: date) -> tuple[int, int]:
    """Days of a validity that have begun, and all of them.

    >>> elapsed_days(date(2026, 1, 1), date(2026, 12, 31), date(2026, 4, 10))
    (100, 365)
    """
    total = (valid_to - valid_from).days + 1
    return max(0, min(total, (today - valid_from).days + 1)), total


def best_discounts(found: Iterable[Discount]) -> dict[str, LineShare]:
    """The largest share of each product line; of agreements that give as much the one that holds longest, whatever
    their order.

    >>> best_discounts([("rock", 5, date(2026, 6, 30)), ("rock", 5, None), ("rock", 4, date(2026, 1, 1))])
    {'rock': LineShare(share=5, end=None)}
    """
    best: dict[str, LineShare] = {}
    for line, share, end in found:
        known = best.get(line)
        if known is None or (known.share, known.end or date.max) < (share, end or date.max):
            best[line] = LineShare(share, end)
    return best


def pace_of(attained: int, minimum: int | None, elapsed: int, total: int) -> int | None:
    """attained / (minimum x elapsed share) in millionths, half-even; None before the first day, or of nothing owed.

    >>> pace_of(50_000, 100_000, 73, 365), pace_of(50_000, 100_000, 0, 365), pace_of(50_000, None, 73, 365)
    (2500000, None, None)
    """
    if not minimum or not elapsed:
        return None
    return ratio(SHARE_WHOLE, attained * total, minimum * elapsed)
