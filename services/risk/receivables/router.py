"""Receivables: what is open, how old it is, and the figures made of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, item_answer, list_answer, page_of
from kit.web.responses import json_answer
from kit.web.schema import BusinessDate
from kit.work import Work
from services.risk.receivables import service
from services.risk.receivables.enums import AgeingBy
from services.risk.receivables.lists import CONFIRMED, RECEIVABLES
from services.risk.receivables.schemas import AgeingRead, FiguresQuery, FiguresRead, ReceivableRead

router = routes.router("receivables")

Reader = Annotated[Context, Depends(Allow("credit:read", reads=service.PROJECTIONS))]
AsOf = Annotated[BusinessDate | None, Query(description="business day, today by default")]
By = Annotated[AgeingBy, Query(description="what the ageing is split by")]


@router.get("/v1/receivables", response_model=page_of(ReceivableRead), openapi_extra=documented(RECEIVABLES))
async def list_receivables(work: Reader) -> Response:
    """What is owed of confirmed orders as of today; `open[gt]=0` leaves out what is paid."""
    return await list_answer(work, RECEIVABLES, *_shown(work))


@router.get("/v1/receivables/{order_id}", response_model=ReceivableRead)
async def get_receivable(order_id: UUID, work: Reader) -> Response:
    """What is owed of one order."""
    return await item_answer(work, RECEIVABLES, order_id, service.NOUN, *_shown(work))


def _shown(work: Work) -> tuple[str, tuple[object, ...]]:
    """The condition and the parameters of a list of receivables."""
    return f"{CONFIRMED} AND {work.visible.sees('d.owner_id', 2)}", (work.today, *work.visible.args)


@router.get("/v1/receivable-ageings", response_model=page_of(AgeingRead), openapi_extra=documented(service.AGEING))
async def list_receivable_ageings(work: Reader, as_of: AsOf = None, by: By = AgeingBy.TOTAL) -> Response:
    """What was open at the end of a day, by days overdue: in all, by account, owner, partner or region.

    Any past day is answered as it is known today, facts that came later for that day included.
    """
    return await list_answer(work, *service.ageing(work, as_of or work.today, by), extra=("as_of", "by"))


@router.get("/v1/receivable-figures", response_model=FiguresRead)
async def get_receivable_figures(query: Annotated[FiguresQuery, Query()], work: Reader) -> Response:
    """Days sales outstanding at the end of a day over orders on credit: of the company, an account, an owner or a
    partner, in the caller's record scope."""
    return json_answer(await service.read_figures(work, query))
