"""Rule sets: versions of rules by axis, and the labels that they give."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.jobs.jobs import require_job
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer
from kit.web.operations import JobRead, job_answer
from kit.web.responses import json_answer
from services.customer.rule_sets import service
from services.customer.rule_sets.lists import RULE_SETS
from services.customer.rule_sets.models import RuleSet
from services.customer.rule_sets.schemas import LabelPage, RuleSetCreate, RuleSetPage, RuleSetRead, RuleSetRun

router = routes.router("rule sets")
Reader = Annotated[Context, Depends(Allow("insights:read"))]
Writer = Annotated[Context, Depends(Allow("policies:write"))]
AccountReader = Annotated[Context, Depends(Allow("accounts:read"))]


def _answer(row: RuleSet, status: int = 200) -> Response:
    body = row.model_dump(exclude={"fallback", "updated_at"}) | {"default": row.fallback}
    location = f"/v1/rule-sets/{row.id}" if status == 201 else None
    return json_answer(body, status, version=row.version, location=location)


@router.post("/v1/rule-sets", response_model=RuleSetRead, status_code=201)
async def create_rule_set(body: RuleSetCreate, work: Writer) -> Response:
    """Add the next version of how accounts are classified along an axis; versions are never changed."""
    return _answer(await service.create_rule_set(work, body), 201)


@router.get("/v1/rule-sets", response_model=RuleSetPage, openapi_extra=documented(RULE_SETS))
async def list_rule_sets(work: Reader) -> Response:
    """Versions of rule sets."""
    return await list_answer(work, RULE_SETS)


@router.get("/v1/rule-sets/{rule_set_id}", response_model=RuleSetRead)
async def get_rule_set(rule_set_id: UUID, work: Reader) -> Response:
    """A version of a rule set."""
    return _answer(await service.get_rule_set(work, rule_set_id))


@router.post("/v1/rule-sets/{rule_set_id}/run", response_model=JobRead, status_code=202)
async def create_run(rule_set_id: UUID, body: RuleSetRun, work: Writer) -> Response:
    """Label all accounts by a rule set, or count what would change: a job."""
    job_id = await service.start_run(work, rule_set_id, dry_run=body.dry_run)
    return job_answer(await require_job(work.tx, job_id), 202, f"/v1/rule-sets/runs/{job_id}")


@router.get("/v1/rule-sets/runs/{run_id}", response_model=JobRead)
async def get_run(run_id: UUID, work: Reader) -> Response:
    """Progress of a run; its result counts accounts by label before and after."""
    return job_answer(await service.get_run(work, run_id))


@router.get("/v1/accounts/{account_id}/labels", response_model=LabelPage)
async def get_account_labels(account_id: UUID, work: AccountReader) -> Response:
    """Labels of an account, each with the rule, the version and the values that gave it."""
    return json_answer({"items": await service.labels_of(work, account_id)})
