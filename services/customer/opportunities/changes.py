"""What becomes of an opportunity by a body: a new one, or the fields that differ."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from kit import clock
from kit.clock import business_date
from kit.errors import FieldError, UnknownReference
from kit.records import changed_row, fresh
from kit.work import Work
from services.customer.accounts.models import Account
from services.customer.accounts.rules import AccountArchived
from services.customer.opportunities.enums import OpportunityState
from services.customer.opportunities.models import Opportunity, OpportunityStep
from services.customer.opportunities.references import References
from services.customer.opportunities.rules import DECIDED, check_kept, in_base, moment_of, step_at, weighted
from services.customer.opportunities.schemas import OpportunityCreate, OpportunityRow
from services.customer.organisation.rules import Owners
from services.customer.pipelines.enums import ForecastCategory
from services.customer.pipelines.models import Pipeline, Stage

MOVED = ("stage", "stage_since", "state")
"""Fields of which one differs after each step."""


def day_of(work: Work, at: datetime) -> date:
    """The company's calendar day of a moment."""
    return business_date(work.settings.timezone, at)


def may_backdate(work: Work) -> bool:
    """Whether the caller may name what has passed."""
    return work.actor.may("opportunities:backdate")


def require_stage(pipeline: Pipeline, code: str) -> Stage:
    """The stage of this code; raises UnknownReference."""
    if (stage := pipeline.stage(code)) is not None:
        return stage
    detail = f"no stage {code} in pipeline {pipeline.pipeline}, version {pipeline.number}"
    raise UnknownReference(detail, errors=[FieldError("/stage", "unknown-reference", detail)])


def require_pipeline(pipelines: Mapping[str, Pipeline], code: str) -> Pipeline:
    """The version of a pipeline that is in force; raises UnknownReference."""
    if (pipeline := pipelines.get(code)) is not None:
        return pipeline
    detail = f"no pipeline {code} is in force"
    raise UnknownReference(detail, errors=[FieldError("/pipeline", "unknown-reference", detail)])


def new_opportunity(
    work: Work,
    account: Account,
    pipeline: Pipeline,
    data: OpportunityCreate | OpportunityRow,
    owners: Owners,
    refs: References,
) -> Opportunity:
    """A new opportunity; `owners` says whose it is by default. Raises AccountArchived, NotOfThePast, Invalid,
    NoExchangeRate, UnknownReference, OwnerLeft."""
    if account.is_archived:
        raise AccountArchived()
    stage = require_stage(pipeline, data.stage) if data.stage is not None else pipeline.stages[0]
    new = fresh()
    opened_at = moment_of(data.opened_at, new["created_at"], may_backdate=may_backdate(work), pointer="/opened_at")
    opened_on = day_of(work, opened_at)
    refs.check_contact(data.contact_id, account.id)
    refs.check_partner(data.partner_id)
    refs.check_owner(data.owner_id)
    amount_base = in_base(data.amount, data.currency, refs.rate(data.currency, opened_on), work.base_currency)
    probability = stage.probability if data.probability is None else data.probability
    ref = data.external_id
    values = data.model_dump(exclude={"account_id", "account_ref", "external_id"}) | {
        "account_id": account.id,
        "stream_key": account.stream_key,
        "owner_id": data.owner_id or owners.default(account.owner_id),
        "pipeline_id": pipeline.id,
        "stage": stage.code,
        "stage_since": opened_at,
        "amount_base": amount_base,
        "base_currency": work.base_currency,
        "probability": probability,
        "weighted_base": weighted(amount_base, probability),
        "forecast_category": data.forecast_category or stage.forecast_category,
        "competitors": tuple(dict.fromkeys(data.competitors)),
        "opened_at": opened_at,
        "opened_on": opened_on,
        "external_source": ref.source if ref else None,
        "external_id": ref.id if ref else None,
    }
    return Opportunity.model_validate(values | new)


def edited(work: Work, before: Opportunity, given: Mapping[str, Any], refs: References) -> dict[str, Any]:
    """The fields given and what follows from them; raises StateConflict, NoExchangeRate, Invalid, UnknownReference,
    OwnerLeft."""
    changes = dict(given)
    if "competitors" in changes:
        changes["competitors"] = tuple(dict.fromkeys(changes["competitors"]))
    one = changed_row(before, changes)
    after: Opportunity = one.after
    check_kept(before.state, one.changed)
    if "contact_id" in one.changed:
        refs.check_contact(after.contact_id, before.account_id)
    if "partner_id" in one.changed:
        refs.check_partner(after.partner_id)
    if "owner_id" in one.changed:
        refs.check_owner(after.owner_id)
    amount_base = before.amount_base
    if {"amount", "currency"} & set(one.changed):
        rate = refs.rate(after.currency, rate_day(work, before))
        amount_base = in_base(after.amount, after.currency, rate, work.base_currency)
        changes |= {"amount_base": amount_base, "base_currency": work.base_currency}
    return changes | {"weighted_base": weighted(amount_base, after.probability)}


def rate_day(work: Work, opportunity: Opportunity) -> date:
    """The day whose rate a new amount takes: that on which the opportunity was closed, else today."""
    return opportunity.closed_on or work.today


def moved(work: Work, before: Opportunity, stage: Stage, at: datetime) -> dict[str, Any]:
    """What a move to another stage changes: what the stage gives replaces what was chosen in the one before."""
    return {
        "stage": stage.code,
        "stage_since": at,
        "previous_stage": before.stage,
        "days_in_stage": (day_of(work, at) - day_of(work, before.stage_since)).days,
        **_by_stage(before, stage),
    }


def _by_stage(before: Opportunity, stage: Stage) -> dict[str, Any]:
    return {
        "probability": stage.probability,
        "forecast_category": ForecastCategory(stage.forecast_category),
        "weighted_base": weighted(before.amount_base, stage.probability),
    }


def closed(work: Work, before: Opportunity, state: OpportunityState, at: datetime) -> dict[str, Any]:
    """What winning and losing change alike."""
    probability = DECIDED[state]
    return {
        "state": state,
        "probability": probability,
        "forecast_category": ForecastCategory.CLOSED,
        "weighted_base": weighted(before.amount_base, probability),
        "closed_at": at,
        "closed_on": day_of(work, at),
    }


def reopened(work: Work, before: Opportunity, stage: Stage, at: datetime) -> dict[str, Any]:
    """What a closed opportunity has when it goes on in a stage."""
    came: dict[str, Any] = {}
    if stage.code != before.stage:
        until = before.closed_at or at
        came = {
            "previous_stage": before.stage,
            "days_in_stage": (day_of(work, until) - day_of(work, before.stage_since)).days,
        }
    return {
        "state": OpportunityState.OPEN,
        "stage": stage.code,
        "stage_since": at,
        **came,
        **_by_stage(before, stage),
        **dict.fromkeys(("closed_at", "closed_on", "order_id", "lost_reason", "lost_to")),
    }


def next_at(work: Work, before: Opportunity, at: datetime | None) -> datetime:
    """When the next step was taken; raises StageOrder, Invalid, NotOfThePast."""
    last = before.closed_at or before.stage_since
    return step_at(at, last, clock.now(), may_backdate=may_backdate(work))


def step_of(work: Work, before: Opportunity | None, after: Opportunity) -> OpportunityStep:
    """The step that led from one to the other, to be numbered."""
    return OpportunityStep(
        opportunity_id=after.id,
        seq=0,
        from_stage=before.stage if before else None,
        to_stage=after.stage,
        state=after.state,
        entered_at=after.closed_at or after.stage_since,
        entered_by=work.actor.subject,
    )
