"""Use cases of the funnel."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import BadQuery, FieldError, NotFound, NotHeardYet, UnknownReference
from kit.security.principals import owned_rows
from kit.work import Work, system_work
from services.customer.accounts import service as accounts
from services.customer.directories import service as directories
from services.customer.funnel import repository
from services.customer.funnel.repository import FILTERS, StageCount
from services.customer.funnel.rules import MIN_DECIDED, Rate, rate, velocity
from services.customer.funnel.schemas import (
    FunnelQuery,
    FunnelRead,
    RateRead,
    StageFigures,
    StaysRead,
    VelocityRead,
)
from services.customer.pipelines import service as pipelines
from services.customer.pipelines.models import Pipeline

FORMULA_VERSION = 1


async def read_funnel(work: Work, query: FunnelQuery) -> FunnelRead:
    """How far opportunities came; raises BadQuery for a period that ends before it starts, NotFound for a pipeline of
    which no version is in force, UnknownReference for an owner, a partner or an account that nobody is."""
    if query.last < query.first:
        raise BadQuery(errors=[FieldError("to", "before-start", "ends before it starts")])
    pipeline = (await pipelines.pipelines_on(work, [query.pipeline], work.today)).get(query.pipeline)
    if pipeline is None:
        raise NotFound(what="pipeline")
    await _check_known(work, query)
    own, args = await owned_rows(work.tx, work.visible, "o.owner_id")
    accounts, _ = await owned_rows(work.tx, work.visible, "a.owner_id")
    chosen = {name: getattr(query, name) for name in FILTERS}
    codes = [stage.code for stage in pipeline.stages]
    rows = await repository.count_stages(
        work.tx, pipeline.pipeline, codes, query.first, query.last, chosen, (f"({own} OR {accounts})", args)
    )
    whole = rows[0]
    speed = velocity(whole.cohort, whole.won, whole.all_lost, int(whole.won_base), whole.won_days)
    decided = whole.won + whole.all_lost
    return FunnelRead(
        as_of=work.today,
        formula_version=FORMULA_VERSION,
        sample_size=whole.cohort,
        pipeline=pipeline.pipeline,
        pipeline_id=pipeline.id,
        number=pipeline.number,
        won=whole.won,
        lost=whole.all_lost,
        stages=_stages(pipeline, rows),
        win_rate=_shown(rate(whole.won, decided, MIN_DECIDED)),
        velocity_base=VelocityRead(value=speed, sample_size=decided, insufficient_data=speed is None),
    )


async def _check_known(work: Work, query: FunnelQuery) -> None:
    """0 is said of whom something could be opened for, of nobody else; raises UnknownReference, NotHeardYet."""
    sellers = await directories.find_sellers(work, [query.owner_id] if query.owner_id else [])
    partners = await directories.partner_states(work, [query.partner_id] if query.partner_id else [])
    everything = system_work(work.tx, work.service, work.settings)
    known = await accounts.accounts_by_id(everything, [query.account_id] if query.account_id else [])
    for name, found in (("owner_id", sellers.known), ("partner_id", partners), ("account_id", known)):
        if getattr(query, name) is not None and getattr(query, name) not in found:
            kind = UnknownReference if name == "account_id" else NotHeardYet
            raise kind(errors=[FieldError(name, kind.code, "nobody has this id")])


def _stages(pipeline: Pipeline, rows: Sequence[StageCount]) -> list[StageFigures]:
    further = [*(row.reached for row in rows[1:]), rows[0].won]
    return [
        StageFigures(
            stage=row.code,
            name=stage.name,
            reached=row.reached,
            lost=row.lost,
            open=row.open,
            is_mature=row.open == 0,
            conversion=_shown(rate(passed, row.reached)),
            decided=_shown(rate(passed, passed + row.lost, MIN_DECIDED)),
            stays=StaysRead(median=_days(row.median), p90=_days(row.p90), sample_size=row.stays, still_in=row.still_in),
        )
        for stage, row, passed in zip(pipeline.stages, rows, further, strict=True)
    ]


def _days(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _shown(found: Rate) -> RateRead:
    return RateRead(**found._asdict(), insufficient_data=found.value is None)
