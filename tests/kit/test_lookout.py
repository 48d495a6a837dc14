"""What lasts is watched, once, and what has ended is not."""

from __future__ import annotations

import asyncio

from kit.lookout import LOOK_AFTER_SECONDS, Lookout


class Passage:
    """Counts how often it was told to watch."""

    def __init__(self) -> None:
        self.watched = 0

    def watch(self) -> None:
        """See Watched."""
        self.watched += 1


async def test_only_what_lasts_is_watched_and_once() -> None:
    lookout, loop = Lookout(), asyncio.get_running_loop()
    short, lasting, later = Passage(), Passage(), Passage()
    lookout.add(short, loop)
    lookout.add(lasting, loop)
    lookout.remove(short)
    await asyncio.sleep(LOOK_AFTER_SECONDS * 1.5)
    lookout.add(later, loop)
    await asyncio.sleep(LOOK_AFTER_SECONDS * 3)
    assert (short.watched, lasting.watched, later.watched) == (0, 1, 1)
    lookout.remove(lasting)
    lookout.remove(later)


async def test_it_looks_again_after_a_quiet_time() -> None:
    lookout, loop = Lookout(), asyncio.get_running_loop()
    first, second = Passage(), Passage()
    lookout.add(first, loop)
    await asyncio.sleep(LOOK_AFTER_SECONDS * 3)
    lookout.add(second, loop)
    await asyncio.sleep(LOOK_AFTER_SECONDS * 3)
    assert (first.watched, second.watched) == (1, 1)
