"""Asking for everything a report shows, part by part: one that is refused or empty says so, the others stand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from cli.load.client import Api, ApiError
from cli.report import of_channels, of_customer, of_risk, of_targets
from cli.report.numbers import Numbers
from cli.report.page import page, pictures_of
from cli.report.periods import bounds
from cli.report.sections import Json, Nothing, Scope, Section, why

Part = Callable[[Scope], Awaitable[Section]]

PARTS: tuple[tuple[str, str, Part], ...] = (
    ("attainment", "Attainment against plan", of_targets.attainment),
    ("tree", "The tree of targets", of_targets.tree),
    ("funnel", "Funnel", of_customer.funnel),
    ("rfm", "RFM segments", of_customer.rfm),
    ("grades", "Grades", of_customer.grades),
    ("ageing", "Receivables by age", of_risk.ageing),
    ("budgets", "Budgets of promotions", of_channels.budgets),
    ("ladder", "Levels of partners", of_channels.ladder),
    ("heat-map", "Heat map of risks", of_risk.heat_map),
    ("losses", "What losses may be passed", of_risk.losses),
    ("alerts", "Standing alerts", of_targets.alerts),
)
AT_ONCE = 4


class CannotReport(Exception):
    """No report can be made of this; the text says why."""


@dataclass(frozen=True, slots=True)
class Report:
    """The page and the parts it is made of."""

    html: str
    sections: tuple[Section, ...]
    pictures: Mapping[str, str]
    """SVG by the key of its part."""


async def report(api: Api, unit: str | None, period: str | None, numbers: Numbers) -> Report:
    """The report of a unit (by code; the caller's own without one) and a period (the latest with a target without one).

    Raises CannotReport, NotAPeriod; ApiError where not even the unit can be read.
    """
    me = await api.get("/v1/me")
    which = await _unit(api, unit, me)
    first, last = await _period(api, period, which)
    try:
        figures = await api.get("/v1/attainment", unit_id=which["id"], **{"from": first, "to": last})
    except ApiError as error:
        if error.status != 404:
            raise
        raise CannotReport(f"you see your own records, not those of {which['name']}") from error
    scope = Scope(
        api,
        numbers,
        which["id"],
        which["name"],
        first,
        last,
        as_of=min(last, figures["as_of"]),
        currency=figures["currency"],
    )
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(key: str, title: str, part: Part) -> Section:
        async with turn:
            try:
                return await part(scope)
            except Nothing as nothing:
                return Section(key, title, absent=str(nothing))
            except ApiError as error:
                return Section(key, title, absent=why(error))

    sections = tuple(await asyncio.gather(*(one(*part) for part in PARTS)))
    pictures = await asyncio.to_thread(pictures_of, scope, sections)
    return Report(page(scope, sections, pictures, me["subject"]), sections, pictures)


async def _unit(api: Api, code: str | None, me: Json) -> Json:
    found: list[Json]
    if code is not None:
        found = (await api.get("/v1/units", code=code))["items"]
        if not found:
            raise CannotReport(f"there is no unit {code}, or you may not see it")
        return found[0]
    if me["unit"]:
        own: Json = await api.get(f"/v1/units/{me['unit']['id']}")
        return own
    found = (await api.get("/v1/units", limit=1, sort="code", **{"parent_id[null]": "true"}))["items"]
    if not found:
        raise CannotReport("there is no unit yet: name none before one exists")
    return found[0]


async def _period(api: Api, text: str | None, unit: Json) -> tuple[str, str]:
    if text is not None:
        first, last = bounds(text)
        return first.isoformat(), last.isoformat()
    today = (await api.get("/v1/attainment", unit_id=unit["id"]))["as_of"]
    about = {"unit_id": unit["id"], "parent_id[null]": "true", "state[in]": "active,closed", "period_start[lte]": today}
    found = (await api.get("/v1/targets", limit=1, sort="-period_start", **about))["items"]
    if not found:
        raise CannotReport(f"{unit['name']} has no active target that has begun: name a --period")
    return found[0]["period_start"], found[0]["period_end"]
