"""All sides of the showcase: prepared at once, shown one after the other as soon as each is there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from cli.load.client import Api, ApiError
from cli.showcase import channels, customer, risk, targets
from cli.showcase.steps import Law, ShowcaseFailed

Side = customer.CustomerSide | targets.TargetsSide | channels.ChannelsSide | risk.RiskSide
Present = Callable[[Side], None]
SIDES: dict[str, tuple[Callable[[Api], Awaitable[None]], Callable[[Api], Awaitable[Side]]]] = {
    "customer": (customer.prepare, customer.show),
    "targets": (targets.prepare, targets.show),
    "channels": (channels.prepare, channels.show),
    "risk": (risk.prepare, risk.show),
}


@dataclass
class Showcase:
    """What was shown by service; `broken` says what could not be, and why."""

    sides: dict[str, Side] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def laws(self) -> dict[str, tuple[Law, ...]]:
        """What must hold, by service."""
        return {name: side.laws() for name, side in self.sides.items()}

    def broken_laws(self) -> list[str]:
        """What should hold and does not."""
        return [f"{name}: {law.name}" for name, laws in self.laws().items() for law in laws if not law.holds]

    @property
    def holds(self) -> bool:
        """Whether nothing broke and all laws hold."""
        return not self.broken and not self.broken_laws()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "holds": self.holds,
            "seconds": round(self.seconds, 1),
            "broken": self.broken,
            "laws": {name: {law.name: law.holds for law in laws} for name, laws in self.laws().items()},
            **{name: asdict(side) for name, side in self.sides.items()},
        }


def _present_nothing(_side: Side) -> None:
    """For who wants the figures alone."""


async def tell(api: Api, present: Present = _present_nothing) -> Showcase:
    """Make what is missing and show each side. What goes wrong on one side leaves the others."""
    began = time.monotonic()
    showcase = Showcase()

    async def attempt(name: str, work: Awaitable[None]) -> None:
        try:
            await work
        except (ApiError, ShowcaseFailed, httpx.TransportError) as error:
            showcase.broken.setdefault(name, str(error) or type(error).__name__)

    async def show(name: str) -> None:
        side = await SIDES[name][1](api)
        showcase.sides[name] = side
        present(side)

    async with asyncio.TaskGroup() as group:
        prepared = {name: group.create_task(attempt(name, SIDES[name][0](api))) for name in SIDES}
        for name, task in prepared.items():
            await task
            if name not in showcase.broken:
                await attempt(name, show(name))
    showcase.seconds = time.monotonic() - began
    return showcase
