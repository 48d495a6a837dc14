"""Who sells changes: a seller goes to another team with what is left of the target; accounts are handed over."""

from __future__ import annotations

from typing import Any

from cli.showcase import steps
from cli.showcase.steps import Law
from cli.year.book import SELLERS, Act, Book
from cli.year.sales import MONTHS

MOVED, TAKES_OVER = 0, 2
HALF = MONTHS // 2


async def reorganised(book: Book) -> Act:
    """From the middle of the year a seller is of another team, and his accounts are a colleague's."""
    day = book.calendar.month(HALF)
    mover, west = book.seller(MOVED), book.units["west"]
    await book.api.post(f"/v1/members/{mover}/move", {"unit_id": west, "from": day})

    async def known() -> bool | None:
        items = (await book.api.get("/v1/sellers", id=mover))["items"]
        return True if items and items[0]["unit_id"] == west else None

    await book.effect("a move of a seller is known to customer", known)
    await _renamed(book)
    transferred = await _transferred(book, mover, west)
    handed = await book.api.post("/v1/accounts/transfers", {"from": mover, "to": book.seller(TAKES_OVER)})
    path = f"/v1/accounts/transfers/{handed['id']}"
    job = await steps.in_state(book.api, path, ("succeeded",), ("queued", "running"))
    mine = [number for number in range(len(book.accounts)) if number % SELLERS == MOVED]
    owners = [(await book.api.get(f"/v1/accounts/{book.accounts[number]}"))["owner_id"] for number in mine]
    return Act(
        "A reorganisation",
        (
            f"From {day} seller {MOVED + 1} is of the team west and takes along what is left of the target; "
            f"{job['progress_done']} accounts go to seller {TAKES_OVER + 1}. The team east has another name.",
        ),
        (
            Law("the tree still sums after the transfer", transferred),
            Law("the accounts are the colleague's", set(owners) == {book.seller(TAKES_OVER)}),
        ),
    )


async def _renamed(book: Book) -> None:
    path = f"/v1/units/{book.units['east']}"
    unit = await book.api.get(path)
    await book.api.call("PATCH", path, {"name": "East and shop"}, headers={"If-Match": f'"{unit["version"]}"'})


async def _transferred(book: Book, mover: str, west: str) -> bool:
    """A plan moves the rest of the seller's target below the other team; promoted, it still sums."""
    plan = await book.api.post("/v1/plans", {"root_id": book.root, "name": "The seller goes west"})
    targets = await book.all_of("/v1/targets", plan_id=plan["id"])
    moved = next(t for t in targets if t["member_id"] == mover)
    parent = next(t for t in targets if t["unit_id"] == west and t["member_id"] is None)
    day = book.calendar.month(HALF)
    body = {"target_id": moved["id"], "to_parent_id": parent["id"], "from": day}
    await book.api.post(f"/v1/plans/{plan['id']}/transfers", body)
    await book.api.post(f"/v1/plans/{plan['id']}/promote", {"valid_from": day, "reason": "The seller goes west"})
    return await tree_sums(book)


async def tree_sums(book: Book) -> bool:
    """Whether each level of the year's tree makes the root."""
    root = await book.api.get(f"/v1/targets/{book.root}")
    children: list[dict[str, Any]] = await book.all_of("/v1/targets", parent_id=book.root)
    teams = [child for child in children if child["unit_id"] != root["unit_id"]]
    sums: list[int] = []
    for team in teams:
        sellers: list[dict[str, Any]] = await book.all_of("/v1/targets", parent_id=team["id"])
        sums.append(sum(seller["amount"] for seller in sellers) - team["amount"])
    return sum(team["amount"] for team in teams) == root["amount"] and not any(sums)


async def credited_where_he_was(book: Book) -> Act:
    """What the seller who moved sold before is the old team's, and after it the new one's."""
    day = str(book.calendar.month(HALF))
    sides = {}
    for team in ("east", "west"):
        lines = await book.all_of("/v1/credit-lines", member_id=book.seller(MOVED), unit_id=book.units[team])
        sides[team] = [line["order_date"] for line in lines]
    return Act(
        "Credits after the move",
        (
            f"{len(sides['east'])} credits of the seller stay in the east, "
            f"{len(sides['west'])} since then are the west's.",
        ),
        (
            Law("what was sold before the move stays", bool(sides["east"]) and max(sides["east"]) < day),
            Law("what was sold since is the new team's", all(each >= day for each in sides["west"])),
        ),
    )
