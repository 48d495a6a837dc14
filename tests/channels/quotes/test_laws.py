"""Whatever is asked for, in whatever order: amounts sum up, and no line's place matters."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.testing.service import ServiceHarness
from tests.channels.quotes.offers import (
    ENTRIES,
    PATH,
    PRICES,
    account,
    body,
    cost,
    goods,
    in_yuan,
    promotion,
    published,
)

LINE = st.fixed_dictionaries(
    {
        "sku": st.sampled_from(sorted(PRICES)),
        "quantity": st.integers(1, 4),
        "manual_discount": st.sampled_from((0, 0, 7)),
    }
)


async def furnish(service: ServiceHarness) -> None:
    """Goods in two currencies and a promotion of every step, once."""
    if (await service.get("/v1/products")).json()["items"]:
        return
    await goods(service)
    await in_yuan(service, "0.1373")
    await cost(service, "CD-JAZZ", 640)
    rungs = {"type": "ladder", "rungs": [{"min_quantity": 5, "share": 55_555}]}
    every = {"type": "spend_every", "steps": {"CNY": {"spend": 9_999, "amount": 1_111}}}
    third = {"type": "nth_piece", "pieces": 3, "share": 333_333}
    gift = {"type": "gift", "sku": "CD-JAZZ", "quantity": 2}
    await promotion(service, code="LADDER", kind="quantity", reward=rungs)
    await promotion(service, code="ROCK", group="G-2", products={"product_lines": ["rock"]})
    await promotion(service, "set", code="THIRD", kind="nth_piece", reward=third)
    await promotion(service, "order", code="EVERY", kind="spend", reward=every)
    await promotion(service, "gift", code="CUP", kind="gift", reward=gift)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_no_order_of_lines_changes_an_amount(service: ServiceHarness, data: st.DataObject) -> None:
    """In a currency that leaves remainders, with ties: each line comes to the same, whatever its place, or all are
    refused, where a manual discount is more than promotions leave of its line."""
    await furnish(service)
    lines = data.draw(st.lists(LINE, min_size=1, max_size=10))
    shuffled = data.draw(st.permutations(lines))
    buyer = await account(service)
    answers = [
        await service.post(f"{PATH}/preview", body(buyer, *asked, currency="CNY", gifts=["CUP"]))
        for asked in (lines, shuffled)
    ]
    plain, other = (answer.json() for answer in answers)
    if any(answer.status_code != 200 for answer in answers):
        assert [answer.status_code for answer in answers] == [422, 422], answers
        assert plain["code"] == other["code"] == "discount-too-large"
        return
    check_sums(plain)
    check_sums(other)
    assert {**plain, "lines": None} == {**other, "lines": None}
    assert sorted(map(content, plain["lines"])) == sorted(map(content, other["lines"]))


def content(line: dict[str, Any]) -> str:
    return repr({name: value for name, value in line.items() if name != "line_no"})


def check_sums(quote: dict[str, Any]) -> None:
    """Lines sum to the totals; parts and the manual discount to the discount of each line; a promotion's parts of its
    budget to what its whole discount is in base currency, for a gift to its cost."""
    lines = quote["lines"]
    for name in ("discount", "net", "net_base"):
        assert sum(line[name] for line in lines) == quote[name]
    assert quote["gross"] == quote["net"] + quote["discount"]
    given: dict[str, list[int]] = {}
    for line in lines:
        assert line["quantity"] * line["unit_price"] == line["net"] + line["discount"]
        assert line["discount"] == line["manual_discount"] + sum(part["discount"] for part in line["promotions"])
        for part in line["promotions"]:
            total = given.setdefault(part["code"], [0, 0])
            total[0] += part["discount"]
            total[1] += part["discount_base"]
    for code, (discount, base) in given.items():
        assert base == (2 * 640 if code == "CUP" else round(discount * 0.1373))


TIED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("A-TEN", "line", {"kind": "cash_off", "reward": {"type": "line_rate", "share": 100_000}}),
    ("B-TEN", "line", {"kind": "cash_off", "reward": {"type": "line_rate", "share": 100_000}}),
    ("A-OFF", "order", {"reward": {"type": "spend_steps", "steps": {"USD": [{"spend": 30_000, "amount": 5_000}]}}}),
    ("B-OFF", "order", {"reward": {"type": "spend_every", "steps": {"USD": {"spend": 36_000, "amount": 5_000}}}}),
)
"""Two of each step that give the same of 3 x 100.00 and 2 x 50.00."""


@pytest.mark.parametrize("seed", range(4))
async def test_no_order_of_creation_changes_an_amount(service: ServiceHarness, seed: int) -> None:
    """Ids follow the order in which things are made: none of them decides, of what is tied the smaller code wins."""
    draw = Random(seed)
    for sku in draw.sample(sorted(PRICES), len(PRICES)):
        await service.post("/v1/products", {"sku": sku, "name": sku, "product_line": sku[3:].lower()})
    await published(service, *draw.sample(ENTRIES, len(ENTRIES)))
    for code, phase, terms in draw.sample(TIED, len(TIED)):
        await promotion(service, phase, code=code, **{"kind": "spend", **terms})
    lines = draw.sample([("CD-ROCK", 3), ("CD-JAZZ", 2)], 2)
    answer = await service.post(f"{PATH}/preview", body(await account(service), *lines))
    found = answer.json()
    assert answer.status_code == 200, found
    nets = {line["sku"]: (line["net"], sorted(part["code"] for part in line["promotions"])) for line in found["lines"]}
    assert nets == {"CD-ROCK": (23_250, ["A-OFF", "A-TEN"]), "CD-JAZZ": (7_750, ["A-OFF", "A-TEN"])}
