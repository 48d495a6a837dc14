"""Studies whose job has ended without them: its worker died too often, or an operator cancelled it."""

from __future__ import annotations

from collections.abc import Sequence

from kit import clock
from kit.due.due import Due
from kit.jobs.jobs import get_job
from kit.work import Work
from services.risk.studies import repository
from services.risk.studies.jobs import ComputationFailed
from services.risk.studies.models import Study
from services.risk.studies.service import LOOK, fail_study, give_up_study


async def look_after(work: Work, rows: Sequence[Study]) -> None:
    """Studies whose job stands are looked at again later; the others end as it did."""
    waiting = []
    for study in rows:
        job = None if study.job_id is None else await get_job(work.tx, study.job_id)
        if job is not None and job["state"] in ("queued", "running"):
            waiting.append(study.id)
        elif job is not None and job["state"] == "cancelled":
            await give_up_study(work, study.id)
        else:
            await fail_study(work, study.id, ComputationFailed.code)
    await repository.look_again(work.tx, waiting, clock.now() + LOOK)


STUDIES_DUE = Due("study", Study, look_after, "t.due_at IS NOT NULL", batch=20)
