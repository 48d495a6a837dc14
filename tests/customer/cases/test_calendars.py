"""Another calendar, or other working hours, while somebody is at work on a case: no clock keeps the former moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.customer.policies.schemas import HOURS
from services.customer.slas import service as slas
from tests.customer.cases.conftest import BREACHED, Desk, at, calendar, clock_of, written

Command = Callable[[Desk], Awaitable[Callable[[], Awaitable[Any]]]]
Change = Callable[[Desk], Awaitable[None]]
RUNNING = ("running", "breached")


async def _opened(desk: Desk) -> Callable[[], Awaitable[Any]]:
    return lambda: desk.open(severity="high")


async def _resumed(desk: Desk) -> Callable[[], Awaitable[Any]]:
    case = await desk.open(severity="high")
    await desk.done(case, "acknowledge")
    await desk.done(case, "pause", {"reason": "x"})
    return lambda: desk.done(case, "resume")


async def _reopened(desk: Desk) -> Callable[[], Awaitable[Any]]:
    case = await desk.open(severity="high")
    await desk.done(case, "respond", {"response": "Yes"})
    await desk.done(case, "close", {"accepted": False})
    return lambda: desk.done(case, "reopen")


async def _assessed(desk: Desk) -> Callable[[], Awaitable[Any]]:
    case = await desk.open(severity="low")
    return lambda: desk.changed(case, severity="high")


async def _looked_at(desk: Desk) -> Callable[[], Awaitable[Any]]:
    """By a worker, since the calendar had just changed."""
    await desk.open(severity="high")
    await desk.service.deliver(calendar(1, d1020="off"))
    desk.on("09-30 17:01")
    return desk.turn


async def _another_calendar(desk: Desk) -> None:
    await desk.service.deliver(calendar(2, d1001="working"))


async def _other_hours(desk: Desk) -> None:
    late = [{"opens": "09:00", "closes": "12:00"}, {"opens": "13:00", "closes": "20:00"}]
    hours = {"weekdays": dict.fromkeys(HOURS["body"]["weekdays"], late), "makeup_windows": late}
    path = "/v1/customer-policies"
    draft = await desk.service.post(path, {"kind": "hours", "body": hours, "reason": "Late shift"})
    answer = await desk.service.post(f"{path}/{draft.json()['id']}/activate", {"valid_from": "2026-09-30"})
    assert answer.status_code == 200, answer.text


async def _at_once(
    monkeypatch: pytest.MonkeyPatch, command: Callable[[], Awaitable[Any]], change: Awaitable[None]
) -> None:
    """A change that comes when the command has read the calendar and has not committed yet."""
    has_read, may_go, real = asyncio.Event(), asyncio.Event(), slas.save

    async def halted(*args: Any) -> None:
        if not has_read.is_set():
            has_read.set()
            await may_go.wait()
        await real(*args)

    monkeypatch.setattr(slas, "save", halted)
    commanding = asyncio.ensure_future(command())
    await asyncio.wait_for(has_read.wait(), 30)
    changing = asyncio.ensure_future(change)
    await asyncio.wait({changing}, timeout=2)
    may_go.set()
    await asyncio.gather(commanding, changing)
    monkeypatch.setattr(slas, "save", real)


@pytest.mark.parametrize("change", [_another_calendar, _other_hours])
@pytest.mark.parametrize("command", [_opened, _resumed, _reopened, _assessed, _looked_at])
async def test_no_clock_keeps_the_former_moment(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, command: Command, change: Change
) -> None:
    await _at_once(monkeypatch, await command(desk), change(desk))
    await desk.turn()
    (row,) = await desk.service.rows("SELECT id, due_at FROM service_case")
    case = await desk.read({"id": row["id"]})
    moments = [clock["due_at"] for clock in case["clocks"] if clock["state"] in RUNNING]
    assert written(row["due_at"].replace(microsecond=0)) == min(moments), "as of the calendar of now"
    stored = await desk.service.rows("SELECT due_at FROM case_clock WHERE stopped_at IS NULL ORDER BY due_at")
    assert [written(one["due_at"]) for one in stored] == sorted(moments)


async def test_a_breach_is_told_by_the_calendar_that_came_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _at_once(monkeypatch, await _opened(desk), _another_calendar(desk))
    desk.on("10-01 11:01")
    await desk.turn()
    (said,) = await desk.service.published(BREACHED)
    assert said.payload["breached_at"] == written(at("10-01 11:00"))
    assert said.payload["detected_at"] == written(at("10-01 11:01"))


async def test_commands_at_once_do_not_wait_for_each_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    other = await desk.open(severity="low")

    async def acknowledged() -> None:
        case = await desk.done(other, "acknowledge")
        assert clock_of(case, "first_response")["state"] == "met"
        assert len(await desk.service.rows("SELECT FROM service_case")) == 1, "the other one is not committed"

    await _at_once(monkeypatch, await _opened(desk), acknowledged())
