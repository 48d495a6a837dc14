"""Pure rules of the record of the forecasts: what each method would have said of periods that have ended.

On days of each period (`periods.origins`), with what was known at the end of that day and nothing later, a method
says how probable amounts of 0.90 to 1.10 times the last period's total (or other levels) are. It is judged by the Brier
score, the mean of (p - outcome)^2 (Brier 1950), beside two that need no method: `naive`, the last period's share of the
whole by the same time (p is 0 or 1), and `climatology`, the share of all outcomes that came true, known in hindsight.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from kit.money import ratio
from services.targets.day_profiles.rules import WHOLE
from services.targets.forecasts.enums import Method
from services.targets.forecasts.methods import (
    MIN_HISTORY,
    SPREAD,
    Asked,
    History,
    Lacking,
    Outlook,
    draw_daily,
    draw_share,
    multiple,
    outlook,
    p_hit,
    seed_of,
    widened,
)
from services.targets.forecasts.periods import Span, origins

if TYPE_CHECKING:
    from services.targets.forecasts.methods import Floats

LEVELS = (900_000, 950_000, 1_000_000, 1_050_000, 1_100_000)
BINS = 10
MIN_WIDENED = 12
"""From how many periods on the record itself says how far draws are spread."""
COVERED = 0.8
"""The part of the periods that should end between P10 and P90."""
MOST_PERIODS = 36

Key = tuple[date, date]
"""A period's first day, and the day at whose end was asked."""


class Said(NamedTuple):
    """Of one amount: how probable it was called (1e-6), whether the naive one reached it, and whether it came."""

    p: int
    naive: bool
    came: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A forecast of a period that has ended, beside its total; `off` is how far P50 was from it in half-widths of
    P10-P90 before these were widened (of `daily`)."""

    method: Method
    span: Span
    as_of: date
    told: Outlook
    off: float | None
    total: int
    naive: int
    said: tuple[Said, ...]

    @property
    def key(self) -> Key:
        """What another method may have been asked too."""
        return self.span.first, self.as_of


class Bin(NamedTuple):
    """Forecasts whose p lies in a tenth: how many, their mean p and the share that came true (1e-6; None: empty)."""

    n: int
    mean_p: int | None
    observed: int | None


class Figures(NamedTuple):
    """How a method did: `n` are levels of forecasts, scores and shares are in 1e-6, errors shares of the total.

    `common_brier` is the score where the other method was asked too. `spread` is how its next forecasts are widened.
    """

    method: Method
    periods: int
    forecasts: int
    n: int
    brier: int
    naive_brier: int
    climatology_brier: int
    common_brier: int | None
    coverage: int
    p50_error: int
    naive_error: int
    beats_naive: bool
    spread: int
    bins: tuple[Bin, ...]


class Record(NamedTuple):
    """What a backtest found: the figures of the methods that could be asked, and the one that serves."""

    figures: tuple[Figures, ...]
    serves: Method | None


def backtest(
    history: History,
    spans: Sequence[Span],
    levels: Sequence[int] = LEVELS,
    checked: Callable[[], None] = lambda: None,
) -> list[Case]:
    """The cases of both methods over periods of one kind that have ended, the oldest first; `checked` is called before
    each period and may raise."""
    cases: list[Case] = []
    for number, span in enumerate(spans):
        checked()
        before, spread = spans[:number], spread_of(cases)
        if before and history.total(*before[-1]) > 0:
            cases += [case for as_of in origins(span) for case in _cases(history, span, as_of, before, spread, levels)]
    return cases


def _cases(
    history: History, span: Span, as_of: date, before: Sequence[Span], spread: int, levels: Sequence[int]
) -> Iterator[Case]:
    """The cases of a day: none when the last period had nothing by the same time, for then the naive one is silent."""
    total, last = history.total(*span), history.total(*before[-1])
    times = multiple(history, span, (as_of - span.first).days + 1, before[-1])
    if times is None:
        return
    naive = round(history.total(span.first, as_of) * times)
    asked = Asked(span, as_of, seed_of(span.first, span.last, as_of))
    for method, raw in _drawn(history, asked, before):
        told, off, draws = outlook(raw), None, raw
        if method is Method.DAILY:
            off = abs(total - told.p50) * 2 / (told.p90 - told.p10) if told.p90 > told.p10 else None
            draws = widened(raw, spread)
            told = outlook(draws)
        amounts = [ratio(last, level, WHOLE) for level in levels]
        said = tuple(Said(p_hit(draws, each), naive >= each, total >= each) for each in amounts)
        yield Case(method, span, as_of, told, off, total, naive, said)


def _drawn(history: History, asked: Asked, before: Sequence[Span]) -> Iterator[tuple[Method, Floats]]:
    """What each method draws that can be asked; `daily` from the first period on that begins with enough history."""
    found: list[tuple[Method, Floats | Lacking]] = [(Method.SHARE, draw_share(history, asked, before))]
    if history.index(asked.span.first) >= MIN_HISTORY:
        found.insert(0, (Method.DAILY, draw_daily(history, asked)))
    for method, draws in found:
        if not isinstance(draws, Lacking):
            yield method, draws


def spread_of(cases: Sequence[Case]) -> int:
    """By how much draws of `daily` are widened, in 1e-6: so that 80 % of these periods would have ended inside P10-P90;
    1.5 while there are less than 12 periods."""
    import numpy as np

    offs = [(case.span, case.off) for case in cases if case.off is not None]
    if len({span for span, _ in offs}) < MIN_WIDENED:
        return SPREAD
    return round(float(np.quantile([off for _, off in offs], COVERED)) * WHOLE)


def judge(cases: Sequence[Case]) -> Record:
    """The figures of the methods, and the one with the lower Brier score where both were asked; where never both were,
    the one that was."""
    by_method = {method: [case for case in cases if case.method is method] for method in Method}
    keys = [{case.key for case in found} for found in by_method.values()]
    common = set.intersection(*keys)
    figures = tuple(_figures(method, found, common) for method, found in by_method.items() if found)
    ranked = sorted(figures, key=lambda one: one.brier if one.common_brier is None else one.common_brier)
    return Record(figures, ranked[0].method if ranked else None)


def _figures(method: Method, cases: Sequence[Case], common: Collection[Key]) -> Figures:
    said = [each for case in cases for each in case.said]
    rate = sum(each.came for each in said) / len(said)
    brier, naive = _brier(said), _brier([each._replace(p=WHOLE * each.naive) for each in said])
    shared = [each for case in cases if case.key in common for each in case.said]
    inside = sum(case.told.p10 <= case.total <= case.told.p90 for case in cases)
    return Figures(
        method=method,
        periods=len({case.span for case in cases}),
        forecasts=len(cases),
        n=len(said),
        brier=brier,
        naive_brier=naive,
        climatology_brier=round(rate * (1 - rate) * WHOLE),
        common_brier=_brier(shared) if shared else None,
        coverage=ratio(WHOLE, inside, len(cases)),
        p50_error=_error([(case.told.p50, case.total) for case in cases]),
        naive_error=_error([(case.naive, case.total) for case in cases]),
        beats_naive=brier < naive,
        spread=spread_of(cases) if method is Method.DAILY else WHOLE,
        bins=tuple(_bin([each for each in said if min(each.p * BINS // WHOLE, BINS - 1) == n]) for n in range(BINS)),
    )


def _brier(said: Sequence[Said]) -> int:
    return ratio(sum((each.p - WHOLE * each.came) ** 2 for each in said), 1, len(said) * WHOLE)


def _error(found: Sequence[tuple[int, int]]) -> int:
    """The mean of |told - total| / |total|, over the totals that are not 0."""
    errors = [abs(told - total) / abs(total) for told, total in found if total]
    return round(sum(errors) / len(errors) * WHOLE) if errors else 0


def _bin(said: Sequence[Said]) -> Bin:
    if not said:
        return Bin(0, None, None)
    return Bin(
        n=len(said),
        mean_p=ratio(1, sum(each.p for each in said), len(said)),
        observed=ratio(WHOLE, sum(each.came for each in said), len(said)),
    )
