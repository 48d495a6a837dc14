"""Use cases of pipelines."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from kit.db.rows import insert_rows
from kit.errors import FieldError, Invalid
from kit.records import Resource, audit_added, fresh, require
from kit.work import Work
from services.customer.pipelines import repository
from services.customer.pipelines.models import Pipeline, Stage
from services.customer.pipelines.schemas import PipelineCreate

PIPELINES = Resource("pipeline", Pipeline, lambda _: None, audited=())


class StageRepeated(Invalid):
    """Two stages of a pipeline have one code."""

    code, title = "stage-repeated", "A stage stands twice in the pipeline"


async def create_pipeline(work: Work, data: PipelineCreate) -> Pipeline:
    """Add the next version of a pipeline; raises StageRepeated."""
    codes = [stage.code for stage in data.stages]
    twice = [place for place, code in enumerate(codes) if code in codes[:place]]
    if twice:
        errors = [FieldError(f"/stages/{place}/code", StageRepeated.code, "see an earlier stage") for place in twice]
        raise StageRepeated(errors=errors)
    made = Pipeline(
        **fresh(),
        pipeline=data.pipeline,
        number=await repository.next_number(work.tx, data.pipeline),
        valid_from=data.valid_from or work.today,
        stages=tuple(Stage(**stage.model_dump()) for stage in data.stages),
        created_by=work.actor.subject,
    )
    await insert_rows(work.tx, Pipeline, [made])
    await audit_added(work, "pipeline", made.id, data.model_dump(mode="json"))
    return made


async def get_pipeline(work: Work, pipeline_id: UUID) -> Pipeline:
    """A version of a pipeline; raises NotFound."""
    return await require(work, PIPELINES, pipeline_id)


async def pipelines_on(work: Work, pipelines: Collection[str], day: date) -> dict[str, Pipeline]:
    """The version of each pipeline that is in force on a day: the latest, of one day the one added last."""
    return {one.pipeline: one for one in await repository.in_force(work.tx, set(pipelines), day)}


async def pipelines_by_id(work: Work, ids: Collection[UUID]) -> dict[UUID, Pipeline]:
    """Versions by id."""
    return {one.id: one for one in await repository.load_pipelines(work.tx, set(ids))}
