"""Shows that every ticket of a draw whose seed was told won what follows from the seed, its number and what was left,
that tickets are counted without a gap, and that members paid for each."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from kit.db.database import Tx
from kit.events.verify import Check, Finding
from services.channels.points_draws import repository
from services.channels.points_draws.models import PointsDraw, PointsTicket
from services.channels.points_draws.rules import digest_of, drawn, won


async def verify_draws(tx: Tx) -> list[Finding]:
    """Findings on draws and their tickets."""
    fair = Check("channels", "tickets of draws won what follows from the seed")
    paid = Check("channels", "tickets of draws are counted and paid for")
    draws = {draw.id: draw for draw in await repository.all_draws(tx)}
    paid.count = len(draws)
    rows = [row async for row in repository.all_tickets(tx)]
    tickets = {draw_id: list(some) for draw_id, some in groupby(rows, key=lambda row: row.draw_id)}
    for draw in draws.values():
        own = tickets.pop(draw.id, [])
        _count(draw, own, paid)
        if draw.seed is not None:
            _replay(draw, draw.seed, own, fair)
    for draw_id in tickets:
        paid.fault(f"draw {draw_id}: tickets of one that was never open")
    for what in await repository.off_the_price(tx):
        paid.fault(f"{what}: tickets, entries and the ledger differ")
    return [fair.finding(), paid.finding()]


def _count(draw: PointsDraw, tickets: list[PointsTicket], check: Check) -> None:
    numbers = [ticket.number for ticket in tickets]
    if numbers != list(range(1, draw.tickets + 1)) or any(ticket.points != draw.price for ticket in tickets):
        check.fault(f"draw {draw.id}: its tickets are not 1 to {draw.tickets} at {draw.price} points each")
    if Counter(one.prize_code for one in tickets if one.prize_code is not None) != Counter(draw.won):
        check.fault(f"draw {draw.id}: prizes are not counted as they were won")


def _replay(draw: PointsDraw, seed: str, tickets: list[PointsTicket], check: Check) -> None:
    if digest_of(seed) != draw.seed_hash:
        check.fault(f"draw {draw.id}: another seed than was published")
    gone: Counter[str] = Counter()
    for ticket in tickets:
        code = drawn(seed, ticket.number, draw.chances, draw.blanks)
        prize = won(code, draw.chances, gone[code or ""])
        detail = f"draw {draw.id} ticket {ticket.number}: {ticket.prize_code}, not {prize}"
        check.add(ticket.prize_code == prize, detail)
        if prize is not None:
            gone[prize] += 1
