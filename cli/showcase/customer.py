"""Customer's side: grades, segments, lifecycle, and churn warnings of a past day beside what happened after it."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from cli.load.client import Api
from cli.showcase import steps
from cli.showcase.steps import AS_OF, Law

GRADES = ("A", "B", "C", "D")
SETTLE_SECONDS = 30.0
STAGES = ("potential", "new", "active", "at_risk", "churned", "won_back")


@dataclass(frozen=True, slots=True)
class Graded:
    """Accounts of one grade and their revenue of the year."""

    grade: str
    accounts: int
    revenue_base: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Accounts of one RFM segment and their revenue."""

    segment: str
    accounts: int
    monetary_base: int


@dataclass(frozen=True, slots=True)
class Stage:
    """Accounts that stand in a stage of their lifecycle today."""

    stage: str
    accounts: int


@dataclass(frozen=True, slots=True)
class Share:
    """A share in millionths with its interval; None: too few to say."""

    value: int | None
    low: int | None
    high: int | None
    sample_size: int


@dataclass(frozen=True, slots=True)
class Churn:
    """Warnings of a day, and who had really left by `until`. `insufficient` says why nothing can be said."""

    as_of: date
    until: str | None
    judged: int
    warned: int
    precision: Share | None
    recall: Share | None
    base_rate: Share | None
    plain_days: int | None
    plain_precision: Share | None
    plain_recall: Share | None
    insufficient: str | None


@dataclass(frozen=True, slots=True)
class CustomerSide:
    """All that is shown."""

    as_of: date
    accounts: int
    accounts_graded: int
    grades: tuple[Graded, ...]
    accounts_ranked: int
    segments: tuple[Segment, ...]
    stages: tuple[Stage, ...]
    churn: Churn

    def laws(self) -> tuple[Law, ...]:
        """What must hold."""
        graded = sum(row.accounts for row in self.grades)
        ranked = sum(row.accounts for row in self.segments)
        return (
            Law("every account with orders has one grade", graded == self.accounts_graded),
            Law("every ranked account is in one segment", ranked == self.accounts_ranked),
            Law("every account stands in one stage", sum(row.accounts for row in self.stages) == self.accounts),
            Law("warnings are of accounts that were judged", 0 <= self.churn.warned <= self.churn.judged),
        )


async def prepare(api: Api) -> None:
    """Grade, rank and fit as of the day; what a run of that day has done is there."""
    await steps.run_as_of(api, "/v1/grading-runs", AS_OF)
    await steps.run_as_of(api, "/v1/rfm-runs", AS_OF)
    await steps.run_as_of(api, "/v1/churn-fits", AS_OF)
    await _lived(api)


async def _lived(api: Api) -> None:
    """Wait until those who ordered in the years of the sample stand where they stand today, which a worker finds out.

    Some stay potential: all that they bought came back. So it is over when nobody has moved for a while.
    """
    before: list[Stage] = []

    async def resting() -> bool | None:
        nonlocal before
        last, before = before, await _stages(api)
        return True if last == before else None

    with suppress(steps.ShowcaseFailed):
        await steps.until("accounts stand in their stages", resting, SETTLE_SECONDS, pause=0.5)


async def _stages(api: Api) -> list[Stage]:
    return [Stage(stage, await steps.count_of(api, "/v1/accounts", lifecycle_stage=stage)) for stage in STAGES]


async def show(api: Api) -> CustomerSide:
    """Read what is shown."""
    grading = await steps.run_as_of(api, "/v1/grading-runs", AS_OF)
    ranking = await steps.run_as_of(api, "/v1/rfm-runs", AS_OF)
    segments = await api.get(f"/v1/rfm-runs/{ranking['id']}/segments")
    accounts, stages = await _population(api)
    return CustomerSide(
        as_of=AS_OF,
        accounts=accounts,
        accounts_graded=grading["sample_size"] or 0,
        grades=await _grades(api, grading["id"]),
        accounts_ranked=ranking["sample_size"] or 0,
        segments=steps.rows_of(Segment, segments["items"]),
        stages=stages,
        churn=await _churn(api),
    )


async def _population(api: Api) -> tuple[int, tuple[Stage, ...]]:
    """How many accounts there are, and where they stand; counted again while some move from one stage to another."""

    async def counted() -> tuple[int, tuple[Stage, ...]]:
        return await steps.count_of(api, "/v1/accounts"), tuple(await _stages(api))

    async def whole() -> tuple[int, tuple[Stage, ...]] | None:
        accounts, stages = await counted()
        return (accounts, stages) if sum(stage.accounts for stage in stages) == accounts else None

    with suppress(steps.ShowcaseFailed):
        return await steps.until("every account stands in one stage", whole, SETTLE_SECONDS)
    return await counted()


async def _grades(api: Api, run_id: str) -> tuple[Graded, ...]:
    accounts: Counter[str] = Counter()
    revenue: Counter[str] = Counter()
    wanted = {"fields": "account_id,grade,revenue_base"}
    async for item in api.pages(f"/v1/grading-runs/{run_id}/results", **wanted):
        accounts[item["grade"]] += 1
        revenue[item["grade"]] += item["revenue_base"]
    return tuple(Graded(grade, accounts[grade], revenue[grade]) for grade in GRADES)


async def _churn(api: Api) -> Churn:
    quality = await api.get("/v1/churn/quality", as_of=AS_OF)
    plain = quality["plain_rule"] or {}
    lacking = quality["insufficient_data"]
    return Churn(
        as_of=AS_OF,
        until=quality["until"],
        judged=quality["sample_size"] or 0,
        warned=quality["warned"] or 0,
        precision=share_of(quality["precision"]),
        recall=share_of(quality["recall"]),
        base_rate=share_of(quality["base_rate"]),
        plain_days=plain.get("days_since"),
        plain_precision=share_of(plain.get("precision")),
        plain_recall=share_of(plain.get("recall")),
        insufficient=lacking and f"{lacking['reason']}: {lacking['have']} of {lacking['need']}",
    )


def share_of(answer: dict[str, Any] | None) -> Share | None:
    """A share as a row."""
    return None if answer is None else steps.row_of(Share, answer)
