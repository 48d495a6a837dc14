"""A worker process for a test to kill: counts rows into `done_step` with a checkpoint each, hangs at `hang_at`."""

import asyncio
import json
import sys
from typing import Any

from kit.db.database import Database, DatabaseSettings
from kit.jobs.jobs import JobContext, JobRunner


async def main(connect: dict[str, Any], hang_at: int) -> None:
    db = Database(DatabaseSettings(connect=connect))

    async def handler(context: JobContext) -> dict[str, int]:
        for step in range(context.state or 0, context.params["steps"]):
            async with db.transaction() as tx:
                await tx.execute("INSERT INTO done_step VALUES ($1)", step)
                await context.checkpoint(step + 1, tx)
            if step + 1 == hang_at:
                await asyncio.sleep(600)
        return {"steps": context.params["steps"]}

    await JobRunner(db, {"count": handler}, lease=0.8, poll=0.1, name="crashing").run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1]), int(sys.argv[2])))
