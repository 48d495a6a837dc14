"""Terms: what orders reserve and use of promotions, and their budgets."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.security.principals import owned_rows
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import encode, json_answer
from services.channels.terms import releases, service
from services.channels.terms.lists import RESERVATIONS
from services.channels.terms.schemas import BudgetRead, TermsReservationRead

router = routes.router("terms")

Reader = Annotated[Context, Depends(Allow("terms:read", reads=("terms",)))]
Releaser = Annotated[Context, Depends(Allow("terms:release", reads=("terms",)))]
BudgetReader = Annotated[Context, Depends(Allow("promotions:read", reads=("terms",)))]


@router.get(
    "/v1/terms-reservations", response_model=page_of(TermsReservationRead), openapi_extra=documented(RESERVATIONS)
)
async def list_terms_reservations(work: Reader) -> Response:
    """Answers to placements of orders that are the caller's to see, by their own owner or their account's, the latest
    first: whether their terms hold, and what they take of promotions."""
    own, args = await owned_rows(work.tx, work.visible, "t.owner_id")
    accounts, _ = await owned_rows(work.tx, work.visible, "a.owner_id")
    return await list_answer(work, RESERVATIONS, f"({own} OR {accounts})", args)


@router.post("/v1/terms-reservations/{terms_reservation_id}/release", response_model=TermsReservationRead)
async def release_terms_reservation(terms_reservation_id: UUID, work: Releaser) -> Response:
    """Ask an order on hold to give up what it has reserved, as happens by itself after 72 hours; never what is
    confirmed (409 `terms-reservation-state`). The order gives it up while it is on hold with that placement, and needs
    a new one then; until it has said so, the reservation stands. Again it changes nothing. 409 `order-not-on-hold`
    while nothing was heard of a hold."""
    row = await releases.release_by_hand(work, terms_reservation_id)
    return json_answer(encode(TermsReservationRead(**row.model_dump(exclude={"stream_key"}))))


@router.get("/v1/promotions/{promotion_id}/budget", response_model=BudgetRead)
async def get_promotion_budget(promotion_id: UUID, work: BudgetReader) -> Response:
    """What orders have reserved and committed of a promotion, and what is left."""
    return json_answer(encode(BudgetRead(**(await service.budget_of(work, promotion_id))._asdict())))
