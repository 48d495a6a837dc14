"""A part of a process that ends before it is told to is an error, however it ends."""

from __future__ import annotations

import asyncio

import pytest

from kit.parts import PartEnded, is_cancelled, until


async def leak(_stop: asyncio.Event) -> None:
    """Wait for a task that somebody has cancelled, as a client does when it closes."""
    inner = asyncio.create_task(asyncio.sleep(60))
    asyncio.get_running_loop().call_soon(inner.cancel)
    await inner


async def nothing(_stop: asyncio.Event) -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize(("part", "said"), [(leak, "cancelled from inside"), (nothing, "by itself")])
async def test_a_part_that_ends_early_is_an_error(part: object, said: str) -> None:
    with pytest.raises(PartEnded, match=said):
        await until(asyncio.Event(), "a part", part)  # type: ignore[arg-type]


async def test_a_part_may_end_when_told_and_be_cancelled_from_outside() -> None:
    stop = asyncio.Event()
    told = asyncio.create_task(until(stop, "a part", lambda stop: stop.wait()))  # type: ignore[arg-type,return-value]
    stop.set()
    await told
    running = asyncio.create_task(until(asyncio.Event(), "a part", lambda _stop: asyncio.sleep(60)))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_only_the_own_cancellation_counts() -> None:
    seen: list[bool] = []

    async def work(part: object) -> None:
        try:
            await part(asyncio.Event())  # type: ignore[operator]
        except asyncio.CancelledError as error:
            seen.append(is_cancelled(error))

    await work(leak)
    task = asyncio.create_task(work(lambda _stop: asyncio.sleep(60)))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert seen == [False, True]
    assert not is_cancelled(ValueError())
