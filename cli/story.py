"""One order through all four services: the worked example of the README, run and checked.

Each step is a command followed by what must become true through events alone; the time between the
command's answer and that moment is reported. Amounts are minor units.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from cli.load.client import Api, ApiError
from cli.story_report import Step, StoryBroken, StoryReport, ensure
from kit import clock

DEADLINE_SECONDS = 60.0
TIMEZONE = "UTC"
RATE = "0.137"
QUARTER_AMOUNT = 10_000_001
TIERS = [{"start": 0, "rate": 15_000}, {"start": 5_000, "rate": 25_000}]
LINES: list[dict[str, Any]] = [
    {"sku": "STORY-A", "quantity": 3, "unit_price": 33_33, "discount": 1, "tax_rate": 130_000},
    {"sku": "STORY-B", "quantity": 7, "unit_price": 19_99, "discount": 0, "tax_rate": 60_000},
    {"sku": "STORY-A", "quantity": 1, "unit_price": 1000_01, "discount": 0, "tax_rate": 130_000},
]


async def run_story(api: Api) -> StoryReport:
    """Play the story as an administrator of a running system; it can be played again and again."""
    report = StoryReport()
    try:
        await Story(api, report).play()
    except (StoryBroken, ApiError) as error:
        report.broken = str(error)
    return report


def quarter_of(day: date) -> tuple[date, date]:
    """First and last day of the quarter."""
    first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    following = (first + timedelta(days=95)).replace(day=1)
    return first, following - timedelta(days=1)


@dataclass
class Story:
    api: Api
    report: StoryReport

    def __post_init__(self) -> None:
        self.run = uuid4().hex[:8]
        self.today = clock.business_date(TIMEZONE) - timedelta(days=1)
        self.first, self.last = quarter_of(self.today)

    async def until(self, name: str, check: Callable[[], Awaitable[Any]]) -> Any:
        """Poll until `check` returns something true; note the time."""
        began = time.monotonic()
        seen: object = None
        while time.monotonic() - began < DEADLINE_SECONDS:
            try:
                if seen := await check():
                    self.report.steps.append(Step(name, round((time.monotonic() - began) * 1000, 1)))
                    return seen
            except ApiError as error:
                if error.status != 404 and not error.problem.get("retryable"):
                    raise
            await asyncio.sleep(0.01)
        raise StoryBroken(f"did not become true in {DEADLINE_SECONDS:.0f} s: {name}")

    async def play(self) -> None:
        """All acts."""
        await self.organise()
        await self.set_target()
        await self.open_account()
        await self.place_order()
        await self.check_credit_lines()
        await self.check_rebate()
        await self.check_scope()
        await self.hold_and_override()
        await self.pay_and_return()

    async def one(self, path: str, **params: object) -> dict[str, Any] | None:
        """The first item of a list."""
        items: list[dict[str, Any]] = (await self.api.get(path, limit=1, **params))["items"]
        return items[0] if items else None

    async def make(self, path: str, code: str, body: dict[str, Any], key: str = "code") -> dict[str, Any]:
        """The thing with this code, made if missing."""
        found = await self.one(path, **{key: code})
        return found or await self.api.post(path, {key: code, **body})

    # act 1: organisation, products, partner, target

    async def organise(self) -> None:
        """A company of units and members, its products, a partner and a programme."""
        company = await self.make("/v1/units", "story-company", {"name": "Story company", "kind": "company"})
        region = await self.make(
            "/v1/units", "story-region", {"name": "Story region", "kind": "region", "parent_id": company["id"]}
        )
        teams = [
            await self.make(
                "/v1/units", f"story-team-{n}", {"name": f"Team {n}", "kind": "team", "parent_id": region["id"]}
            )
            for n in (1, 2)
        ]
        self.units = {
            "company": company["id"],
            "region": region["id"],
            "team-1": teams[0]["id"],
            "team-2": teams[1]["id"],
        }
        self.members = {}
        wanted = (
            ("rep-31", "sales_rep", "team-1"),
            ("rep-32", "sales_rep", "team-2"),
            ("manager-east", "sales_manager", "region"),
        )
        for code, role, unit in wanted:
            body = {"subject": code, "role": role, "unit_id": self.units[unit], "valid_from": "2026-01-01"}
            self.members[code] = (await self.make("/v1/members", code, body))["id"]
        for sku, line in (("STORY-A", "story-hardware"), ("STORY-B", "story-software")):
            await self.make("/v1/products", sku, {"name": f"Product {sku}", "product_line": line}, key="sku")
        partner = await self.make(
            "/v1/partners", "STORY-P", {"name": "Story partner", "kind": "reseller", "regions": ["CN-SH"]}
        )
        self.partner = partner["id"]
        if partner["state"] != "active":
            await self.api.post(f"/v1/partners/{self.partner}/activate")
        programme = await self.one("/v1/rebate-programmes", name="Story rebate")
        if programme is None:
            body = {
                "name": "Story rebate",
                "kind": "marginal",
                "tiers": TIERS,
                "period": "quarter",
                "valid_from": "2026-01-01",
                "valid_to": "2030-12-31",
                "partner_ids": [self.partner],
            }
            programme = await self.api.post("/v1/rebate-programmes", body)
            await self.api.post(f"/v1/rebate-programmes/{programme['id']}/publish")
        if await self.one("/v1/exchange-rates", currency="CNY") is None:
            await self.api.post("/v1/exchange-rates", {"currency": "CNY", "rate": RATE, "valid_from": "2026-01-01"})

    async def set_target(self) -> None:
        """A quarter's revenue, decomposed onto the members."""
        body = {
            "name": f"Story revenue {self.run}",
            "metric": "revenue",
            "amount": QUARTER_AMOUNT,
            "currency": "USD",
            "period_start": self.first,
            "period_end": self.last,
            "unit_id": self.units["region"],
        }
        target = await self.api.post("/v1/targets", body)
        self.target = target["id"]
        months = await self.api.post(
            f"/v1/targets/{self.target}/decompositions", {"dimension": "month", "is_crediting": True}
        )
        ensure(sum(c["amount"] for c in months["children"]) == QUARTER_AMOUNT, "months do not sum to the quarter")
        month = next(c for c in months["children"] if c["key"] == f"{self.today:%Y-%m}")
        self.month_target = month["target_id"]
        split = {
            "dimension": "member",
            "is_crediting": True,
            "drivers": [{"kind": "equal", "weight": 300_000}, {"kind": "custom", "weight": 700_000}],
            "children": [
                {"member_id": self.members["rep-31"], "weight": 2},
                {"member_id": self.members["rep-32"], "weight": 1},
                {"member_id": self.members["manager-east"], "weight": 1, "locked": 100_000},
            ],
        }
        members = await self.api.post(f"/v1/targets/{self.month_target}/decompositions", split)
        amounts = {c["member_id"]: c["amount"] for c in members["children"]}
        ensure(sum(amounts.values()) == month["amount"], "members do not sum to the month")
        ensure(amounts[self.members["manager-east"]] == 100_000, "the locked child moved")
        await self.api.post(f"/v1/targets/{self.target}/activate")
        self.member_targets = {c["member_id"]: c["target_id"] for c in members["children"]}

    # act 2: account and order

    async def open_account(self) -> None:
        """A customer with an owner, a contact and a credit limit."""
        body = {
            "kind": "organization",
            "name": f"Story customer {self.run}",
            "local_name": f"故事客户{self.run}",
            "region": "CN-SH",
            "business_type": "retail",
            "owner_id": self.members["rep-31"],
        }
        began = time.monotonic()
        answer: dict[str, Any] = {}

        async def create() -> bool:
            nonlocal answer
            answer = await self.api.post("/v1/accounts", body)
            return True

        await self.until("directories know the sellers", create)
        self.account = answer["id"]
        profile = await self.until(
            "risk has made a credit profile", lambda: self.api.get(f"/v1/credit-profiles/{self.account}")
        )
        ensure(time.monotonic() > began and profile["credit_limit"] >= 0, "a profile has a limit")

    def order_body(self, lines: list[dict[str, Any]], partner: str | None) -> dict[str, Any]:
        """An order of the account, credited 60/40."""
        return {
            "account_id": self.account,
            "partner_id": partner,
            "currency": "CNY",
            "order_date": self.today,
            "payment_terms_days": 30,
            "credits": [
                {"member_id": self.members["rep-31"], "share": 600_000},
                {"member_id": self.members["rep-32"], "share": 400_000},
            ],
            "lines": lines,
        }

    async def actual(self, target: str) -> int:
        """Live attainment of a target."""
        answer = await self.api.get("/v1/attainment", target_id=target)
        return int(answer["items"][0]["actual"])

    async def place(self, lines: list[dict[str, Any]], partner: str | None) -> dict[str, Any]:
        """Create and place an order; returns it as placed."""
        made: dict[str, Any] = {}

        async def create() -> bool:
            nonlocal made
            made = await self.api.post("/v1/orders", self.order_body(lines, partner))
            return True

        await self.until("directories know product and partner", create)
        answer: dict[str, Any] = await self.api.post(f"/v1/orders/{made['id']}/place")
        return answer

    async def order_in(self, order_id: str, *states: str) -> Callable[[], Awaitable[Any]]:
        """A check that the order has reached a state."""

        async def check() -> Any:
            order = await self.api.get(f"/v1/orders/{order_id}")
            return order if order["state"] in states else None

        return check

    async def place_order(self) -> None:
        """An order is placed and confirmed; its sums add up."""
        self.before = {target: await self.actual(target) for target in (self.target, *self.member_targets.values())}
        placed = await self.place(LINES, self.partner)
        self.order_id = placed["id"]
        self.order = await self.until("the order is confirmed", await self.order_in(self.order_id, "confirmed"))
        order = self.order
        ensure(order["net"] + order["tax"] == order["gross"], "net + tax is not gross")
        for name in ("net", "tax", "gross", "net_base", "tax_base", "gross_base"):
            ensure(sum(line[name] for line in order["lines"]) == order[name], f"lines do not sum to {name}")
        ensure(await self.exposure_of(self.order_id) == order["gross_base"], "exposure is not the order's gross")

    async def exposure_of(self, order_id: str) -> int:
        """Sum of the order's exposure entries."""
        return sum([int(e["amount"]) async for e in self.api.pages("/v1/exposure-entries", order_id=order_id)])

    # act 3: credit, rebate, scope

    async def credited(self) -> dict[str, int]:
        """Net credit per member of the order."""
        sums: dict[str, int] = {}
        async for line in self.api.pages("/v1/credit-lines", order_id=self.order_id):
            sums[line["member_id"]] = sums.get(line["member_id"], 0) + line["amount"]
        return sums

    async def check_credit_lines(self) -> None:
        """What the order is worth is credited, once, to who sold it."""
        net = self.order["net_base"]

        async def counted() -> bool:
            return bool(await self.actual(self.target) - self.before[self.target] == net)

        await self.until("attainment of the target shows the order", counted)
        sums = await self.credited()
        ensure(sum(sums.values()) == net, "credit lines do not sum to the order")
        for code, share in (("rep-31", 600_000), ("rep-32", 400_000)):
            member = self.members[code]
            ensure(abs(sums[member] * 1_000_000 - net * share) <= 1_000_000 * len(LINES), f"{code} got another share")
            target = self.member_targets[member]
            gained = await self.actual(target) - self.before[target]
            ensure(gained == sums[member], f"attainment of {code} is not the sum of the credit lines")

    async def rebate(self) -> tuple[int, int]:
        """(expense of the order, sum of all its ledger rows)."""
        rows = [row async for row in self.api.pages("/v1/rebate-entries", order_id=self.order_id)]
        expense = sum(int(row["amount"]) for row in rows if row["ledger_account"] == "rebate_expense")
        return (expense, sum(int(row["amount"]) for row in rows)) if rows else (0, 0)

    async def check_rebate(self) -> None:
        """The partner has earned a rebate, and its ledger sums to zero."""

        async def accrued() -> bool:
            return (await self.rebate())[0] > 0

        await self.until("the partner's rebate is accrued", accrued)
        ensure((await self.rebate())[1] == 0, "the rebate ledger does not sum to zero")

    async def check_scope(self) -> None:
        """Who is no owner or leader does not see the order."""
        path = f"/v1/orders/{self.order_id}"
        for principal in ("rep-31", "manager-east", "director"):
            await self.api.acting_as(principal).get(path)
        other = self.api.acting_as("rep-33")
        for hidden in (path, f"/v1/accounts/{self.account}"):
            try:
                await other.get(hidden)
            except ApiError as error:
                ensure(error.status == 404, f"{hidden} answers {error.status} to a stranger")
            else:
                raise StoryBroken(f"a stranger sees {hidden}")

    # act 4: on hold, override

    async def hold_and_override(self) -> None:
        """An order over the limit is held until an officer overrides it."""
        profile = await self.api.get(f"/v1/credit-profiles/{self.account}")
        exposure = await self.exposure_of(self.order_id)
        body = {"credit_limit": exposure + 100, "reason": "story: a small limit"}
        headers = {"If-Match": f'"{profile["version"]}"'}
        officer = self.api.acting_as("officer")
        await officer.call("PATCH", f"/v1/credit-profiles/{self.account}", body, headers=headers)
        line = {"sku": "STORY-B", "quantity": 1, "unit_price": 100_00, "discount": 0, "tax_rate": 0}
        placed = await self.place([line], partner=None)
        held = await self.until("the second order is on hold", await self.order_in(placed["id"], "on_hold"))
        check = held["checks"][-1]
        ensure(check["shortfall"] == held["gross_base"] - 100, f"the shortfall is {check['shortfall']}")
        decision = {"order_id": placed["id"], "decision": "override", "reason": "known_customer"}
        await officer.post("/v1/credit-decisions", decision)
        await self.until("the officer's override confirms it", await self.order_in(placed["id"], "confirmed"))

    # act 5: payment, return of one piece, return of the rest

    async def pay_and_return(self) -> None:
        """A payment and two returns take everything back, in every service."""
        exposure = await self.exposure_of(self.order_id)
        payment = {
            "account_id": self.account,
            "currency": "CNY",
            "amount": 10_001,
            "received_on": self.today,
            "method": "bank_transfer",
            "allocations": [{"order_id": self.order_id, "amount": 10_001}],
        }
        paid = await self.api.post("/v1/payments", payment)

        async def lowered() -> bool:
            return await self.exposure_of(self.order_id) < exposure

        await self.until("the payment lowers the exposure", lowered)
        await self.give_back([{"line_no": 1, "quantity": 1}], "a return of one piece is everywhere")
        rest = [
            {"line_no": 1, "quantity": LINES[0]["quantity"] - 1},
            {"line_no": 2, "quantity": LINES[1]["quantity"]},
            {"line_no": 3, "quantity": LINES[2]["quantity"]},
        ]
        await self.give_back(rest, "the return of the rest is everywhere")
        refund = {
            "amount": 10_001,
            "refunded_on": self.today,
            "allocations": [{"order_id": self.order_id, "amount": 10_001}],
        }
        await self.api.post(f"/v1/payments/{paid['id']}/refunds", refund)

        async def nothing_left() -> bool:
            return await self.exposure_of(self.order_id) == 0

        await self.until("after the refund every ledger of the order sums to zero", nothing_left)
        ensure(sum((await self.credited()).values()) == 0, "credit lines are left")
        ensure(all(amount == 0 for amount in (await self.credited()).values()), "a member keeps credit")
        ensure(await self.rebate() == (0, 0), "the rebate of the order is not taken back")

    async def give_back(self, lines: list[dict[str, Any]], name: str) -> None:
        """Return pieces and wait until exposure, credit lines and rebate follow."""
        credit, exposure = sum((await self.credited()).values()), await self.exposure_of(self.order_id)
        rebate = (await self.rebate())[0]
        body = {"lines": lines, "return_date": self.today}
        answer = await self.api.post(f"/v1/orders/{self.order_id}/returns", body)

        async def follows() -> bool:
            return bool(
                sum((await self.credited()).values()) == credit + answer["net_base"]
                and await self.exposure_of(self.order_id) == exposure - answer["settled_base"]
                and (await self.rebate())[0] < rebate
            )

        await self.until(name, follows)
