"""The year's end: customers are graded, who may leave is warned of, rebates are stated and paid, points counted."""

from __future__ import annotations

import asyncio
from typing import Any

from cli.showcase import steps
from cli.showcase.steps import Law
from cli.year.book import Act, Book, dollars
from cli.year.crossings import BUYS_MOST, graded_prices, minutes_of_case, offered

PER_BASE = 100
GRADES = ("A", "B", "C", "D")


async def club_opens(book: Book) -> Act:
    """The shop's customers join a club that gives points for what is delivered."""
    body = {
        "code": book.code("CLUB"),
        "name": "A point for each 1.00",
        "points": 1,
        "per_base": PER_BASE,
        "validity_months": 24,
        "valid_from": book.calendar.start,
    }
    book.club = (await book.api.post("/v1/points-programmes", body))["id"]
    for account in book.accounts[book.scale.companies :]:
        await book.made(f"/v1/points-programmes/{book.club}/join", {"account_id": account})
    return Act(
        "A club", (f"{book.scale.shoppers} customers of the shop join a club: a point for each 1.00 delivered.",)
    )


async def graded(book: Book) -> Act:
    """Grades by the revenue of a year, and warnings of those who may leave."""
    await graded_prices(book)
    before, (_nobody, slow) = (await offered(book))["discount"], await minutes_of_case(book, book.accounts[BUYS_MOST])
    run = await book.api.post("/v1/grading-runs", {"as_of": book.today})
    path = f"/v1/grading-runs/{run['id']}"
    ended = await steps.in_state(book.api, path, ("succeeded",), ("queued", "running"))

    async def cheaper() -> int | None:
        discount: int = (await offered(book))["discount"]
        return discount if discount > before else None

    async def sooner() -> bool | None:
        return True if (await minutes_of_case(book, book.accounts[BUYS_MOST]))[1] < slow else None

    off = 0
    if ended["dry_reason"] is None:  # a second year of the same day changes no grades
        async with asyncio.TaskGroup() as group:
            price = group.create_task(book.effect("a grade gives its customer another price", cheaper))
            group.create_task(book.effect("a grade has its customer's complaints answered sooner", sooner))
        off = price.result()
    grade, fast = await minutes_of_case(book, book.accounts[BUYS_MOST])
    ours = {*book.accounts, *book.others}
    results = [item for item in await book.all_of(f"{path}/results") if item["account_id"] in ours]
    counts = {grade: sum(item["grade"] == grade for item in results) for grade in GRADES}
    book.graded = sum(item["revenue_base"] for item in results)
    fit = await book.api.post("/v1/churn-fits", {"as_of": book.today})
    path = f"/v1/churn-fits/{fit['id']}"
    fitted = await steps.in_state(book.api, path, ("succeeded",), ("queued", "running"))
    lack = fitted["insufficient_data"]
    warned = [item for item in await book.all_of("/v1/churn-warnings") if item["account_id"] in ours]
    told = f"{len(warned)} of them are warned of: they may be leaving."
    if lack:
        told = f"Who may be leaving cannot be said yet: {lack['reason']}, {lack['have']} of {lack['need']}."
    return Act(
        "Grades and churn warnings",
        (
            f"{len(results)} customers are graded: " + ", ".join(f"{n} {g}" for g, n in counts.items()) + ".",
            f"One of them, now {grade}, is offered {dollars(off)} off, and its complaints are answered within {fast} "
            f"working minutes instead of {slow}.",
            told,
        ),
        (
            Law("every graded customer has one grade", sum(counts.values()) == len(results) > 0),
            Law("a grade does not make complaints wait longer", fast <= slow),
        ),
    )


async def stated(book: Book) -> Act:
    """Each partner's rebate is stated by the channel manager, approved by another, and paid."""
    totals = []
    for partner in book.partners:
        body = {"partner_id": partner, "posting_date": book.today}
        job = await book.made("/v1/rebate-statements", body, by="channel-manager")
        path = f"/v1/rebate-statements/runs/{job['id']}"
        await steps.in_state(book.api, path, ("succeeded",), ("queued", "running"))
        statement = await steps.found(book.api, "/v1/rebate-statements", partner_id=partner)
        path = f"/v1/rebate-statements/{statement['id']}"
        await book.api.post(f"{path}/approve")
        totals.append(await book.api.post(f"{path}/pay", {"paid_on": book.today}))
    book.stated = {item["partner_id"]: item["accruals"] for item in totals}
    return Act(
        "Rebates",
        (", ".join(f"{item['number']}: {dollars(item['payable'])}" for item in totals) + " are stated and paid.",),
        (Law("every statement is paid", all(item["state"] == "paid" for item in totals)),),
    )


async def counted(book: Book) -> Act:
    """What the members of the club have."""
    members = await _members(book)
    available = sum(member["available"] for member in members)
    entries = [entry for member in members for entry in member["entries"]]
    book.points = sum(entry["points"] for entry in entries if entry["points"] > 0)
    return Act(
        "Points",
        (f"{len(members)} members have {available:,} points; {book.points:,} were earned, returns took some back.",),
        (Law("the entries of the members make what they have", sum(e["points"] for e in entries) == available),),
    )


async def _members(book: Book) -> list[dict[str, Any]]:
    members = []
    for item in await book.all_of("/v1/points-accounts", programme_id=book.club):
        path = f"/v1/points-accounts/{item['id']}"
        members.append({**await book.api.get(path), "entries": await book.all_of(f"{path}/entries")})
    return members
