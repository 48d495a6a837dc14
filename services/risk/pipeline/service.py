"""Use cases of the pipeline: what an account may owe by a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from kit.errors import NotFound
from kit.work import Work
from services.risk.directory import service as directory
from services.risk.pipeline import repository
from services.risk.pipeline.enums import PipelineForecast
from services.risk.pipeline.rules import Sum, weighted
from services.risk.pipeline.schemas import ForwardCategoryRead, ForwardExposureRead
from services.risk.policies import service as policies
from services.risk.policies.bodies import ForwardBody
from services.risk.policies.enums import RiskPolicyKind

PROJECTIONS: Final = ("pipeline", "account_directory", "account_redirect")
"""What it is read from, beside the exposures."""


async def forward_exposure(work: Work, account_id: UUID, horizon_days: int | None) -> ForwardExposureRead:
    """Use and open opportunities of an account, with all that are one with it; the horizon is that of the policy
    unless one is given. Raises NotFound, also for an account outside the caller's scope."""
    owners = await directory.owners_of(work, [account_id])
    if account_id not in owners or not (await work.scope()).sees(owners[account_id]):
        raise NotFound(what="exposure")
    policy = await policies.policy_on(work, RiskPolicyKind.FORWARD, work.today)
    body = policy.body
    assert isinstance(body, ForwardBody), "a policy has the body of its kind"
    days = body.horizon_days if horizon_days is None else horizon_days
    until = work.today + timedelta(days)
    rows = await repository.forward(work.tx, account_id, work.today, until)
    found = {
        row.forecast_category: Sum(PipelineForecast(row.forecast_category), row.opportunities or 0, row.gross or 0)
        for row in rows
        if row.forecast_category is not None
    }
    shares = {
        PipelineForecast.COMMIT: body.commit,
        PipelineForecast.BEST_CASE: body.best_case,
        PipelineForecast.PIPELINE: body.pipeline,
        PipelineForecast.OMITTED: body.omitted,
    }
    sums = [found.get(each, Sum(each, 0, 0)) for each in PipelineForecast if each in shares or each in found]
    use, gross, counted = rows[0].use, sum(one.gross for one in sums), weighted(sums, shares)
    return ForwardExposureRead(
        account_id=rows[0].root_id,
        filed_account_id=account_id,
        as_of=work.today,
        horizon_days=days,
        until=until,
        policy_version=policy.policy_version,
        currency=work.base_currency,
        credit_limit=rows[0].credit_limit,
        use=use,
        gross=gross,
        weighted=counted,
        forward_gross=use + gross,
        forward_weighted=use + counted,
        undated=rows[0].undated,
        categories=[ForwardCategoryRead(**one._asdict(), share=shares.get(one.forecast_category, 0)) for one in sums],
    )
