"""Answers of the lifecycle."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kit.web.lists import page_of
from kit.web.schema import Schema
from services.customer.accounts.enums import LifecycleStage
from services.customer.churn.enums import ChurnFactor
from services.customer.churn.rules import FORMULA_VERSION as CHURN_FORMULA
from services.customer.lifecycle.enums import LifecycleStrategy
from services.customer.lifecycle.rules import FORMULA_VERSION


class StageRead(Schema):
    """A stage that was entered on a day, how long it lasted (`until` null: it lasts), and by which version of the
    policy (null: before anything was ordered)."""

    stage: LifecycleStage
    since: date
    until: date | None
    dwell_days: int
    policy_version: int | None
    recorded_at: datetime


class StageSumRead(Schema):
    """What an account in a stage is worked for, how often it was in it and for how many days."""

    stage: LifecycleStage
    strategy: LifecycleStrategy
    times: int
    dwell_days: int


class FactorRead(Schema):
    """A part of the points."""

    factor: ChurnFactor
    weight: int


class JudgementRead(Schema):
    """What points are given for, as of `scored_on`, when the account was last looked at: `rhythm` is the time since the
    last order in the account's own median gaps, `p_alive` the chance that it still buys, `p_silent` that of no order
    within 91 days, `expected_orders` how many order days are expected within 52 weeks (null without a fit)."""

    scored_on: date
    policy_version: int
    fit_id: UUID | None
    factors: list[FactorRead]
    order_days: int
    rhythm: float
    p_alive: float | None
    p_silent: float | None
    expected_orders: float | None


class ChurnWarningRead(Schema):
    """An account that may be leaving, since when, and why: `score` is the sum of the factors, at most 100."""

    account_id: UUID
    owner_id: UUID | None
    stage: LifecycleStage
    last_order_date: date | None
    warned_on: date
    score: int
    formula_version: int = CHURN_FORMULA
    judgement: JudgementRead


class LifecycleRead(Schema):
    """Where an account stands as of today. `order_days` are days on which it bought something that did not all come
    back; on `next_check_on` the stage may change without an order (null: it stays). `score` and `judgement` are there
    from three order days on; `warned_on` while it is warned of."""

    account_id: UUID
    as_of: date
    formula_version: int = FORMULA_VERSION
    policy_version: int | None
    stage: LifecycleStage
    strategy: LifecycleStrategy
    since: date
    dwell_days: int
    order_days: int
    first_order_date: date | None
    last_order_date: date | None
    days_since_order: int | None
    next_check_on: date | None
    is_warned: bool
    warned_on: date | None
    score: int | None
    judgement: JudgementRead | None
    stages: list[StageSumRead]
    history: list[StageRead]


ChurnWarningPage = page_of(ChurnWarningRead)
