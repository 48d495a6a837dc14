"""Pure rules of the lifecycle: the stage of an account by the days of its orders, and when that may change next."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from services.customer.accounts.enums import LifecycleStage as Stage
from services.customer.churn.rules import Points, Scoring, Signals, is_warned, points_on, warns_on
from services.customer.lifecycle.enums import LifecycleStrategy

FORMULA_VERSION: Final = 1
STRATEGIES: Final[Mapping[Stage, LifecycleStrategy]] = {
    Stage.POTENTIAL: LifecycleStrategy.APPROACH,
    Stage.NEW: LifecycleStrategy.ONBOARD,
    Stage.ACTIVE: LifecycleStrategy.GROW,
    Stage.AT_RISK: LifecycleStrategy.RETAIN,
    Stage.CHURNED: LifecycleStrategy.WIN_BACK,
    Stage.WON_BACK: LifecycleStrategy.REBUILD,
}


class Terms(NamedTuple):
    """Days of the policy: new and won back until `settled`, at risk after `silent` without an order, lost after
    `lost`."""

    settled: int
    silent: int
    lost: int


class Standing(NamedTuple):
    """The stage of an account, since when, and while it is won back the day of the order that did so; whether it is
    warned of, since when, and its points."""

    stage: Stage
    since: date
    returned_on: date | None = None
    warned_on: date | None = None
    points: Points | None = None

    @property
    def is_warned(self) -> bool:
        """Whether the account may be leaving."""
        return self.warned_on is not None

    def moved(self, stage: Stage, on: date, returned_on: date | None = None) -> Standing:
        """In a stage on a day; one that it is in already goes on."""
        since = self.since if stage is self.stage else on
        return self._replace(stage=stage, since=since, returned_on=returned_on)


def stage_on(before: Standing, days: Sequence[date], on: date, terms: Terms, is_warned: bool | None = None) -> Standing:
    """Where an account stands on a day. `days`, rising, are those on which it bought something that it kept;
    `is_warned` is None of one that is judged by its silence alone."""
    known = days[: bisect_right(days, on)]
    if not known:
        return before.moved(Stage.POTENTIAL, on)
    last = known[-1]
    silent = (on - last).days
    is_leaving = silent > terms.silent if is_warned is None else is_warned
    if silent > terms.lost and (is_leaving or before.stage is Stage.CHURNED):
        return before.moved(Stage.CHURNED, on)
    returned_on = last if before.stage is Stage.CHURNED else before.returned_on
    if returned_on == last and silent < terms.settled:
        return before.moved(Stage.WON_BACK, on, returned_on)
    if is_leaving:
        return before.moved(Stage.AT_RISK, on)
    is_new = len(known) == 1 and silent < terms.settled
    return before.moved(Stage.NEW if is_new else Stage.ACTIVE, on)


def next_check(days: Sequence[date], on: date, terms: Terms) -> date | None:
    """The next day on which the stage may be another without an order; None when it stays."""
    count = bisect_right(days, on)
    ahead = list(days[count : count + 1])
    if count:
        waits = (terms.settled, terms.silent + 1, terms.lost + 1)
        ahead += [days[count - 1] + timedelta(days=wait) for wait in waits]
    return min((day for day in ahead if day > on), default=None)


class Life(NamedTuple):
    """What is known of an account: days on which it bought something that it kept (`kept`), on which it ordered at all
    (`ordered`, by which churn is judged), and what else counts."""

    kept: Sequence[date]
    ordered: Sequence[date]
    terms: Terms
    scoring: Scoring
    signals: Signals = Signals()

    def look(self, before: Standing, on: date) -> Standing:
        """Where it stands on a day, and whether it is warned of."""
        points = points_on(self.ordered, on, self.scoring, self.signals)
        warned = is_warned(before.is_warned, points, self.scoring.line)
        at = stage_on(before, self.kept, on, self.terms, None if points is None else warned)
        return at._replace(points=points, warned_on=(before.warned_on or on) if warned else None)

    def next_look(self, at: Standing, on: date) -> date | None:
        """The next day on which that may be another without an order."""
        count = bisect_right(self.ordered, on)
        ahead = [next_check(self.kept, on, self.terms), *self.ordered[count : count + 1]]
        if at.points is not None and not at.is_warned:
            ahead.append(warns_on(self.ordered[:count], on, self.scoring, self.signals))
        return min((day for day in ahead if day is not None), default=None)

    def walk(self, before: Standing, look_on: date | None, today: date) -> Iterator[tuple[date, Standing]]:
        """Where it stood on each day it was to be looked at, up to today, whether or not that was done in time."""
        at, on = before, look_on
        while on is not None and on < today:
            at = self.look(at, on)
            yield on, at
            on = self.next_look(at, on)
        yield today, self.look(at, today)


class Step(NamedTuple):
    """Something of an account that is another than before, from a day on: its stage, or else its warning."""

    before: Standing
    at: Standing
    on: date
    is_stage: bool


def steps_of(before: Standing, walked: Iterable[tuple[date, Standing]]) -> list[Step]:
    """What changed on the way; of one day the warning first, as it may be why the stage is another."""
    steps, former = [], before
    for on, at in walked:
        if at.is_warned != former.is_warned:
            steps.append(Step(former, at, on, is_stage=False))
        if at.stage is not former.stage:
            steps.append(Step(former, at, on, is_stage=True))
        former = at
    return steps


class Stay(NamedTuple):
    """A stage that an account was in from a day on."""

    stage: Stage
    since: date


def dwell(stays: Sequence[Stay], today: date) -> list[int]:
    """For how many days each stage lasted, the last one until today."""
    ends = [stay.since for stay in stays[1:]] + [today]
    return [(end - stay.since).days for stay, end in zip(stays, ends, strict=True)]
