"""Workers that kill themselves at the n-th line of the due mechanism or of the step, for n = 1, 2, ... to the end.

Each is a fork of this process, which has no threads. Each adds a row and one that fails, so that there is always work;
the last one comes through and works what is left.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from kit.due.loop import DueLoop
from kit.ids import new_id
from tests.kit.due.reminders import REMINDERS, runtime_on

WATCHED = ("kit/due/due.py", "kit/due/loop.py", "tests/kit/due/reminders.py")


def kill_at(number: int) -> None:
    """SIGKILL this process at the `number`-th watched line."""
    passed = 0

    def at_line(_frame: FrameType, event: str, _arg: Any) -> Any:
        nonlocal passed
        if event == "line":
            passed += 1
            if passed == number:
                os.kill(os.getpid(), signal.SIGKILL)
        return at_line

    def at_call(frame: FrameType, _event: str, _arg: Any) -> Any:
        return at_line if frame.f_code.co_filename.endswith(WATCHED) else None

    sys.settrace(at_call)


async def work(connect: dict[str, Any], number: int) -> None:
    runtime = runtime_on(connect)
    loop, now = DueLoop(runtime, [REMINDERS]), datetime.now(UTC)
    async with runtime.db.transaction() as tx:
        await tx.execute("DELETE FROM reminder WHERE kind = 'bad'")
        rows = [(new_id(), "once", number - 1, now), (new_id(), "bad", -1, now)]
        await tx.copy("reminder", ["id", "kind", "n", "due_at"], rows)
    kill_at(number)
    await loop.turn()
    sys.settrace(None)
    await asyncio.sleep(0.2)  # what the last one held is free once the server has noticed its end
    await loop.turn()
    await runtime.db.stop()


def main() -> None:
    connect, number = json.loads(sys.argv[1]), 0
    while True:
        child = os.fork()
        if child == 0:
            asyncio.run(work(connect, number + 1))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            break
        number += 1
    print(json.dumps({"killed": number, "rows": number + 1, "status": os.WEXITSTATUS(status)}))
    sys.exit(os.WEXITSTATUS(status))


if __name__ == "__main__":
    main()
