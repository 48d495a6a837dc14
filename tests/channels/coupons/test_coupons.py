"""Coupons: made by a job or shared, read whatever way they are typed, had by one order each, never in events."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kit import clock
from kit.testing.service import ServiceHarness
from services.channels.coupons import service as coupons
from services.channels.coupons.rules import ALPHABET, LENGTH, CouponCodeUnfit, normal, shared, unique_code
from services.channels.events_out.terms import TermsRefused
from tests.channels.coupons.handed import asked, handed, path_of, with_coupon
from tests.channels.quotes.offers import PATH, account, body, goods, promotion, quoted
from tests.channels.rebates.test_laws import logged, publish_all, wrong_findings
from tests.channels.statements.stated import work_off
from tests.channels.terms.orders import Order, answers, offer, order_of

__all__ = ["logged"]


def test_the_alphabet_has_31_letters_that_nobody_takes_for_one_another() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 31
    assert set(ALPHABET).isdisjoint("01ILO")


@pytest.mark.parametrize(
    "typed", ["SPRING26", "spring-26", " spring 26 ", "ＳＰＲＩＮＧ２６", "spring\u201326", "s-p-r-i-n-g 2\u00a06"]
)
def test_a_code_reads_the_same_however_it_is_typed(typed: str) -> None:
    assert normal(typed) == "SPRING26"


@given(st.text(max_size=40))
@example("A\u00b4")
def test_the_normal_form_is_its_own(typed: str) -> None:
    assert normal(normal(typed)) == normal(typed)


# a mark that stands before the small iota comes after the large one: such texts are two
@given(st.text(st.characters(exclude_categories=["Mn", "Mc", "Me", "Lm", "Cs"]), max_size=40))
@example("A\u00b4")
def test_case_and_hyphens_make_no_other_code(typed: str) -> None:
    assert normal(typed) == normal(typed.upper()) == normal("-".join(typed))


@pytest.mark.parametrize("typed", ["ABC", "a-b-c", "SPRING!", "A" * 41, "- - - -"])
def test_shared_codes_are_letters_and_digits(typed: str) -> None:
    with pytest.raises(CouponCodeUnfit):
        shared(typed)


def test_every_letter_is_as_likely_as_any_other() -> None:
    codes = [unique_code(b"key", "batch", number) for number in range(5_000)]
    assert len(set(codes)) == 5_000
    seen = Counter(letter for code in codes for letter in code)
    fair = 5_000 * LENGTH / 31
    assert set(seen) == set(ALPHABET)
    assert sum((n - fair) ** 2 / fair for n in seen.values()) < 60, "chi-square of 30 degrees, p about 0.001"


async def test_a_job_makes_as_many_as_were_asked_for(service: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coupons, "STEP", 7)
    of = await with_coupon(service)
    run = await asked(service, of, count=20)
    early = await service.get(f"{path_of(of)}/runs/{run}/codes")
    assert (early.status_code, early.json()["code"]) == (409, "coupons-waiting")
    await work_off(service, workers=2)
    job = (await service.get(f"{path_of(of)}/runs/{run}")).json()
    assert (job["state"], job["result"]) == ("succeeded", {"coupons": 20})
    first = (await service.get(f"{path_of(of)}/runs/{run}/codes?limit=15")).json()
    rest = (await service.get(f"{path_of(of)}/runs/{run}/codes?limit=15&after={first['next']}")).json()
    codes = [*first["codes"], *rest["codes"]]
    assert (len(codes), len(set(codes)), rest["next"]) == (20, 20, None)
    assert all(len(part) == 4 for code in codes for part in code.split("-"))
    listed = (await service.get(f"{path_of(of)}?limit=50")).json()["items"]
    assert sorted(one["last_four"] for one in listed) == sorted(code[-4:] for code in codes)
    assert all(one["code"] is None and one["order_id"] is None for one in listed)
    kept = await service.rows("SELECT c::text AS row FROM coupon c UNION ALL SELECT j::text FROM job j")
    for code in codes:
        assert not any(code in one["row"] or code.replace("-", "") in one["row"] for one in kept), "kept as a hash"


async def test_codes_are_for_who_may_write_promotions(service: ServiceHarness) -> None:
    of = await with_coupon(service)
    run = await asked(service, of, count=1)
    await work_off(service)
    for role, status in (("channel_manager", 200), ("sales_rep", 403), ("auditor", 403)):
        answer = await service.get(f"{path_of(of)}/runs/{run}/codes", headers=service.headers("somebody", role))
        assert answer.status_code == status, role
    assert (await service.get(path_of(of), headers=service.headers("somebody", "auditor"))).status_code == 200
    other = await with_coupon(service)
    assert (await service.get(f"{path_of(other)}/runs/{run}/codes")).json()["code"] == "job-not-found"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"count": 1, "code": "SPRING26"}, 422, "invalid"),
        ({"count": 0}, 422, "invalid"),
        ({"count": 100_001}, 422, "invalid"),
        ({"code": "A-B"}, 422, "coupon-code-unfit"),
        ({"code": "ｔａｋｅｎ 1"}, 409, "coupon-code-taken"),
    ],
)
async def test_what_cannot_be_made(service: ServiceHarness, sent: dict[str, Any], status: int, code: str) -> None:
    of = await with_coupon(service)
    await asked(service, of, code="Taken-1")
    answer = await service.post(f"{path_of(of)}/generate", sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_promotions_without_need_or_that_have_ended_have_no_coupons(service: ServiceHarness) -> None:
    free = await promotion(service)
    answer = await service.post(f"{path_of(free)}/generate", {"count": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "coupons-not-needed")
    of = await with_coupon(service)
    assert (await service.post(f"/v1/promotions/{of}/end", {})).status_code == 200
    answer = await service.post(f"{path_of(of)}/generate", {"count": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "promotion-state")


async def _tries(service: ServiceHarness, code: str, buyer: str | None = None) -> tuple[int, str, str]:
    sent = body(buyer or await account(service), ("CD-ROCK", 1), coupon_codes=["KNOWN", code])
    answer = await service.post(PATH, sent)
    if answer.status_code == 201:
        return 201, "", str(answer.json()["discount"])
    found = answer.json()
    assert found["detail"] == "A coupon does not count"
    return answer.status_code, found["code"], found["errors"][0]["pointer"]


async def test_wrong_expired_used_and_foreign_ones_look_the_same(service: ServiceHarness) -> None:
    await goods(service)
    known = await with_coupon(service, group="known", reward={"type": "line_rate", "share": 10_000})
    await asked(service, known, code="KNOWN")
    refused = (422, "coupon-invalid", "/coupon_codes/1")
    assert await _tries(service, "WRONG") == refused
    today = clock.business_date("Asia/Shanghai")
    for code, window in (
        ("OVER", {"starts_on": "2026-01-01", "ends_on": str(today - timedelta(days=1))}),
        ("LATER", {"starts_on": str(today + timedelta(days=1))}),
    ):
        await asked(service, await with_coupon(service, windows=[window]), code=code)
        assert await _tries(service, code) == refused, code
    theirs = await account(service)
    await asked(service, await with_coupon(service, audience={"account_ids": [theirs]}), code="THEIRS")
    assert await _tries(service, "THEIRS") == refused
    assert (await _tries(service, "theirs", theirs))[0] == 201
    stopped = await with_coupon(service)
    await asked(service, stopped, code="STOPPED")
    assert (await service.post(f"/v1/promotions/{stopped}/pause")).status_code == 200
    assert await _tries(service, "STOPPED") == refused
    of = await with_coupon(service)
    (code,) = await handed(service, of, 1)
    assert (await _tries(service, code.lower().replace("-", " ")))[0] == 201, "a quote takes nothing"
    quote = await quoted(service, body(await account(service), ("CD-ROCK", 1), coupon_codes=[code]))
    await service.deliver(order_of(quote).placed())
    assert await _tries(service, code) == refused
    assert await _tries(service, "known") == refused, "a promotion once"


async def test_a_coupon_counts_once_and_is_given_back_with_its_order(service: ServiceHarness) -> None:
    of = await with_coupon(service)
    (code,) = await handed(service, of, 1)
    quotes = [await offer(service, coupon_codes=[code]) for _ in range(2)]
    assert [quote["discount"] for quote in quotes] == [3_000, 3_000]
    assert len(quotes[0]["coupon_ids"]) == 1
    assert (await offer(service))["discount"] == 0
    first, second = (order_of(quote) for quote in quotes)
    await service.deliver(first.placed())
    await service.deliver(second.placed())
    assert [reason for _order, reason, _detail in await answers(service)] == [None, "coupon-invalid"]
    assert await _holder(service, of) == str(first.id)
    first.placement = 2
    await service.deliver(first.placed())
    assert await _holder(service, of) == str(first.id), "a later placement of its order has it again"
    await service.deliver(first.held())
    assert await _holder(service, of) is None
    second.placement = 2
    await service.deliver(second.placed())
    assert await _holder(service, of) == str(second.id)
    await service.deliver(second.cancelled())
    assert await _holder(service, of) is None
    (said,) = await service.published(TermsRefused.TYPE)
    assert said.payload["reason"] == "coupon-invalid"
    sent = await service.rows("SELECT o::text AS row FROM outbox o")
    assert not any(code[-4:] in one["row"] or code in one["row"] for one in sent), "never in events"


async def _holder(service: ServiceHarness, promotion_id: str) -> str | None:
    (found,) = (await service.get(path_of(promotion_id))).json()["items"]
    holder: str | None = found["order_id"]
    return holder


async def test_a_confirmed_order_has_what_is_still_there(service: ServiceHarness) -> None:
    of = await with_coupon(service)
    (code,) = await handed(service, of, 1)
    order = order_of(await offer(service, coupon_codes=[code]))
    await service.deliver(order.placed(), order.held())
    assert await _holder(service, of) is None
    await service.deliver(order.confirmed())
    assert await _holder(service, of) == str(order.id), "confirmed all the same"


async def test_many_orders_have_a_shared_one(service: ServiceHarness) -> None:
    of = await with_coupon(service, uses=2)
    await asked(service, of, code="Spring-26")
    orders = [order_of(await offer(service, coupon_codes=["spring 26"])) for _ in range(3)]
    await service.deliver(*(order.placed() for order in orders))
    assert [reason for _order, reason, _detail in await answers(service)] == [None, None, "uses-exhausted"]
    (shown,) = (await service.get(path_of(of))).json()["items"]
    assert (shown["code"], shown["order_id"]) == ("SPRING26", None)


async def test_of_orders_at_once_one_has_the_coupon(logged: ServiceHarness) -> None:
    service = logged
    of = await with_coupon(service)
    (code,) = await handed(service, of, 1)
    orders = [order_of(await offer(service, coupon_codes=[code])) for _ in range(6)]
    events = [order.placed() for order in orders]

    async def heard(number: int) -> None:
        async with service.transaction() as tx:
            await service.subscriptions.lane("core").handle(service.work(tx), [events[number]])

    await asyncio.gather(*(heard(number) for number in range(6)))
    reasons = [reason for _order, reason, _detail in await answers(service)]
    assert sorted(map(str, reasons)) == ["None", *["coupon-invalid"] * 5]
    await publish_all(service, events)
    assert await wrong_findings(service) == []
    async with service.transaction() as tx:
        assert await tx.execute("UPDATE coupon SET order_id = NULL") == 1
    assert await wrong_findings(service) != []


async def test_a_coupon_whose_promotion_gives_nothing_is_left_alone(service: ServiceHarness) -> None:
    of = await with_coupon(
        service, phase="order", reward={"type": "order_rate", "share": 100_000, "spends": {"USD": 50_000}}
    )
    (code,) = await handed(service, of, 1)
    quote = await offer(service, coupon_codes=[code])
    assert (quote["discount"], quote["coupon_ids"]) == (0, [])
    bare = Order(quote["account_id"], quote["id"], [("CD-ROCK", 3, 10_000, 0)])
    await service.deliver(bare.placed())
    assert await _holder(service, of) is None
