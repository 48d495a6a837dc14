"""Use cases of the lifecycle: accounts are looked at when something happened, and when a day may change them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit import clock
from kit.clock import business_date
from kit.events import outbox
from kit.ids import new_id
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.enums import LifecycleStage
from services.customer.churn import service as churn
from services.customer.churn.rules import YEAR, Signals, expected_orders, seen_on
from services.customer.churn.service import Judging
from services.customer.lifecycle import repository
from services.customer.lifecycle.facts import Versions, fact_of
from services.customer.lifecycle.models import Factor, Judgement, Lifecycle, StageEntry
from services.customer.lifecycle.repository import Bought
from services.customer.lifecycle.rules import STRATEGIES, Life, Standing, Stay, Step, Terms, dwell, steps_of
from services.customer.lifecycle.schemas import JudgementRead, LifecycleRead, StageRead, StageSumRead
from services.customer.policies import service as policies
from services.customer.policies.bodies import LifecycleBody
from services.customer.policies.enums import PolicyKind


class _By(NamedTuple):
    """By what accounts are looked at today."""

    policy_version: int
    terms: Terms
    judging: Judging

    @property
    def versions(self) -> Versions:
        """Of the rule of stages and of the rule by which churn is judged."""
        return Versions(self.policy_version, self.judging.policy_version)


class Looked(NamedTuple):
    """An account after a look at it, and what has changed."""

    after: Lifecycle
    steps: Sequence[Step]

    @property
    def numbered(self) -> list[tuple[int, Step]]:
        """Changes with their numbers in the life of the account."""
        return list(enumerate(self.steps, self.after.sequence - len(self.steps) + 1))


async def look_at(work: Work, account_ids: Collection[UUID]) -> None:
    """Find where accounts stand today. Stages they entered are kept; they, and warnings that began or ended, are told
    once, each as of its day."""
    rows = await repository.take(work.tx, account_ids, work.settings.timezone, work.today)
    bought = await repository.bought(work.tx, account_ids)
    signals = await churn.signals_of(work, account_ids)
    by = await _by(work)
    looked = [_looked(work, row, _life(row.id, bought, signals, by), by) for row in rows]
    told = await repository.lock_accounts(work.tx, [one.after.id for one in looked if one.steps])
    entries = [entry for one in looked for entry in _entries(one)]
    await repository.save(work.tx, [one.after for one in looked], entries, told)
    said = [(fact_of(step, told[one.after.id], by.versions), number) for one in looked for number, step in one.numbered]
    await outbox.say(work, said)


async def _by(work: Work) -> _By:
    policy = await policies.policy_on(work, PolicyKind.LIFECYCLE, work.today)
    assert isinstance(policy.body, LifecycleBody)
    terms = Terms(policy.body.settled_days, policy.body.silent_days, policy.body.lost_days)
    return _By(policy.policy_version, terms, await churn.judging_on(work, work.today))


def _life(account_id: UUID, bought: Mapping[UUID, Bought], signals: Mapping[UUID, Signals], by: _By) -> Life:
    days = bought.get(account_id) or Bought(account_id, [], [])
    known = signals.get(account_id, Signals())
    return Life(days.kept, days.ordered, by.terms, by.judging.scoring, known)


def _looked(work: Work, before: Lifecycle, life: Life, by: _By) -> Looked:
    walked = list(life.walk(before.standing, before.next_check_on, work.today))
    steps, (_, at) = steps_of(before.standing, walked), walked[-1]
    known = [day for day in life.kept if day <= work.today]
    check_on = life.next_look(at, work.today)
    values = {
        "stage": at.stage,
        "since": at.since,
        "returned_on": at.returned_on,
        "order_days": len(known),
        "first_order_date": known[0] if known else None,
        "last_order_date": known[-1] if known else None,
        "policy_version": by.policy_version,
        "sequence": before.sequence + len(steps),
        "next_check_on": check_on,
        "due_at": clock.start_of_day(work.settings.timezone, check_on) if check_on else None,
        "warned_on": at.warned_on,
        "score": at.points.score if at.points else None,
        "judgement": _judgement(at, life, by.judging, work.today),
    }
    return Looked(before.model_copy(update=values), steps)


def _judgement(at: Standing, life: Life, judging: Judging, today: date) -> Judgement | None:
    points, fit = at.points, judging.scoring.fit
    if points is None:
        return None
    days = [day for day in life.ordered if day <= today]
    return Judgement(
        scored_on=today,
        policy_version=judging.policy_version,
        fit_id=judging.fit_id,
        factors=tuple(Factor(factor=factor, weight=weight) for factor, weight in points.factors),
        order_days=len(days),
        rhythm=points.rhythm,
        p_alive=points.p_alive,
        p_silent=points.p_silent,
        expected_orders=expected_orders(fit, seen_on(days, today), YEAR) if fit else None,
    )


def _entries(one: Looked) -> list[StageEntry]:
    now = clock.now()
    return [
        StageEntry(
            id=new_id(),
            account_id=one.after.id,
            position=number,
            stage=step.at.stage,
            since=step.at.since,
            policy_version=one.after.policy_version,
            recorded_at=now,
        )
        for number, step in one.numbered
        if step.is_stage
    ]


async def read_lifecycle(work: Work, account_id: UUID) -> LifecycleRead:
    """Where an account stands and stood; raises NotFound."""
    account = await accounts.get_account(work, account_id)
    entries = await repository.history(work.tx, account_id)
    since = min(
        business_date(work.settings.timezone, account.created_at), *(entry.since for entry in entries), work.today
    )
    begun = StageEntry(
        id=account_id,
        account_id=account_id,
        position=0,
        stage=LifecycleStage.POTENTIAL,
        since=since,
        recorded_at=account.created_at,
    )
    row = await repository.find(work.tx, account_id)
    return _shown(row or Lifecycle(id=account_id, stage=begun.stage, since=since), [begun, *entries], work.today)


def _shown(row: Lifecycle, entries: Sequence[StageEntry], today: date) -> LifecycleRead:
    days = dwell([Stay(entry.stage, entry.since) for entry in entries], today)
    ends = [entry.since for entry in entries[1:]] + [None]
    history = [
        StageRead(**entry.model_dump(exclude={"id", "account_id", "position"}), until=until, dwell_days=lasted)
        for entry, until, lasted in zip(entries, ends, days, strict=True)
    ]
    sums = [
        StageSumRead(
            stage=stage,
            strategy=strategy,
            times=sum(one.stage is stage for one in history),
            dwell_days=sum(one.dwell_days for one in history if one.stage is stage),
        )
        for stage, strategy in STRATEGIES.items()
    ]
    return LifecycleRead(
        account_id=row.id,
        as_of=today,
        strategy=STRATEGIES[row.stage],
        dwell_days=days[-1],
        days_since_order=(today - row.last_order_date).days if row.last_order_date else None,
        is_warned=row.warned_on is not None,
        judgement=JudgementRead(**row.judgement.model_dump()) if row.judgement else None,
        stages=sums,
        history=history,
        **row.model_dump(exclude={"id", "returned_on", "sequence", "due_at", "judgement"}),
    )
