"""Draws of points. Key: the draw's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published, sample_id


class DrawPrize(Part):
    """A prize: its weight among all, how many there are, what one is worth in the draw's currency."""

    code: str
    weight: int
    stock: int
    value: int


class PointsDrawSnapshot(Part):
    """A draw: `price` points a ticket; `seed_hash` is the SHA-256 of the seed. `tickets` and `won` are drawn so far."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"

    id: UUID
    code: str
    points_programme_id: UUID
    price: int
    currency: str
    prizes: list[DrawPrize]
    blanks: int
    valid_from: date
    valid_to: date
    seed_hash: str
    tickets: int
    won: dict[str, int]
    version: int


_DRAW: dict[str, Any] = {
    "id": sample_id("d8"),
    "code": "SPRING",
    "points_programme_id": sample_id("b9"),
    "price": 50,
    "currency": "CNY",
    "prizes": [{"code": "MUG", "weight": 9, "stock": 500, "value": 1200}],
    "blanks": 91,
    "valid_from": "2026-02-14",
    "valid_to": "2026-03-14",
    "seed_hash": "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925",
    "tickets": 0,
    "won": {},
    "version": 2,
}


class PointsDrawOpened(Published, PointsDrawSnapshot):
    """Tickets are drawn from now on, by a seed whose digest is told here."""

    TYPE: ClassVar[str] = "channels.points_draw.opened.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _DRAW


class PointsDrawClosed(Published, PointsDrawSnapshot):
    """Nothing is drawn any more; by the seed everybody can see which ticket won what."""

    seed: str

    TYPE: ClassVar[str] = "channels.points_draw.closed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_DRAW,
        "seed": "0000000000000000000000000000000000000000000000000000000000000000",
        "tickets": 100,
        "won": {"MUG": 9},
        "version": 103,
    }


PUBLISHED: tuple[type[Published], ...] = (PointsDrawOpened, PointsDrawClosed)
AGREED: tuple[type[Published], ...] = ()
