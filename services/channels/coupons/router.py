"""Coupons: codes of a promotion, generated and checked."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.operations import JobRead, job_answer
from kit.web.responses import json_answer
from services.channels.coupons import service
from services.channels.coupons.lists import COUPONS
from services.channels.coupons.schemas import CouponCodesQuery, CouponCodesRead, CouponRead, CouponsGenerate
from services.channels.promotions import service as promotions

router = routes.router("coupons")
PATH = "/v1/promotions/{promotion_id}/coupons"
RUN = PATH + "/runs/{coupon_run_id}"

Reader = Annotated[Context, Depends(Allow("promotions:read"))]
Writer = Annotated[Context, Depends(Allow("promotions:write"))]


@router.post(PATH + "/generate", response_model=JobRead, status_code=202)
async def generate_coupons(promotion_id: UUID, body: CouponsGenerate, work: Writer) -> Response:
    """Make unique coupons of a promotion that needs one, each for one order: a job; `/codes` hands them out then.

    Or make one `code` that many use (4 to 40 letters and digits; spaces, hyphens and case do not count): it counts at
    once. 409 `coupon-code-taken`, `coupons-not-needed`, `promotion-state` once it has ended; 422 `coupon-code-unfit`.
    """
    job = await service.generate(work, promotion_id, body)
    return job_answer(job, 202, f"/v1/promotions/{promotion_id}/coupons/runs/{job['id']}")


@router.get(RUN, response_model=JobRead)
async def get_coupons_run(promotion_id: UUID, coupon_run_id: UUID, work: Reader) -> Response:
    """Progress of a job that makes coupons; its result counts them."""
    return job_answer(await service.get_run(work, promotion_id, coupon_run_id))


@router.get(RUN + "/codes", response_model=CouponCodesRead)
async def read_coupon_codes(
    promotion_id: UUID, coupon_run_id: UUID, query: Annotated[CouponCodesQuery, Query()], work: Writer
) -> Response:
    """Codes that a job made, to be handed out; 409 `coupons-waiting` until it has finished."""
    codes, last = await service.codes_of(work, promotion_id, coupon_run_id, query.after, query.limit)
    return json_answer(CouponCodesRead(codes=codes, next=last))


@router.get(PATH, response_model=page_of(CouponRead), openapi_extra=documented(COUPONS))
async def list_coupons(promotion_id: UUID, work: Reader) -> Response:
    """Coupons of a promotion, the latest first, by their last letters, and which orders have them."""
    row = await promotions.require_promotion(work, promotion_id)
    return await list_answer(work, COUPONS, "c.promotion_id = $1", [row.id])
