"""Who is invited: whom the consent allows, who can be reached, who was not asked lately; once, however many ask."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from kit.testing.service import make_event
from services.channels.events_out.promotions import PromotionEnded
from tests.customer.conftest import REP_1
from tests.customer.surveys.conftest import Forms, count

DAYS_30 = 30 * 24


async def test_an_invitation_tells_its_token_once_and_keeps_its_hash(forms: Forms) -> None:
    survey, contact = await forms.survey(), await forms.contact()
    (item,) = await forms.invited(survey, contact)
    assert (item["refused"], item["channel"], len(item["token"])) == (None, "email", 27)
    (row,) = await forms.service.rows("SELECT * FROM survey_invitation")
    assert row["token_sha256"] == hashlib.sha256(item["token"].encode()).digest()
    assert (row["expires_at"] - row["invited_at"]).days == 14
    kept = await forms.service.rows(
        "SELECT t::text AS row FROM audit_log t UNION ALL SELECT t::text FROM survey_invitation t "
        "UNION ALL SELECT t::text FROM outbox t UNION ALL SELECT t::text FROM idempotency_key t"
    )
    assert not any(item["token"] in one["row"] for one in kept)
    (page,) = (await forms.service.get(f"/v1/surveys/{survey['id']}/invitations")).json()["items"]
    assert page["contact_id"] == contact["id"]
    assert not {"token", "token_sha256"} & set(page)


async def test_an_answer_kept_for_its_key_is_sealed(forms: Forms) -> None:
    survey, contact = await forms.survey(), await forms.contact()
    body = {"contacts": [{"contact_id": contact["id"]}]}
    path, headers = f"/v1/surveys/{survey['id']}/invitations", forms.service.headers(Idempotency_Key="k")
    first, second = [await forms.service.post(path, body, headers=headers) for _ in range(2)]
    assert first.json() == second.json()
    token = first.json()["items"][0]["token"]
    (kept,) = await forms.service.rows("SELECT k::text AS row FROM idempotency_key k WHERE key = 'k'")
    assert token not in kept["row"]
    assert await count(forms.service, "survey_invitation") == 1


async def test_who_may_not_be_asked_is_refused_each_for_its_reason(forms: Forms) -> None:
    survey = await forms.survey(channels=["email", "sms"])
    fine = await forms.contact()
    silent = await forms.contact(allows=())
    other = await forms.contact(allows=())
    await forms.consent(other, "email", "marketing")
    unreachable = await forms.contact(emails=[], allows=("email",))
    gone = await forms.contact()
    assert (await forms.service.post(f"/v1/contacts/{gone['id']}/archive")).status_code == 200
    withdrawn = await forms.contact(allows=())
    consent = await forms.consent(withdrawn, "email")
    path = f"/v1/contacts/{withdrawn['id']}/consents/{consent['id']}/withdraw"
    assert (await forms.service.post(path, {})).status_code == 201
    unknown = {"id": "01989f2e-0000-7000-8000-0000000000ff"}
    found = await forms.invited(survey, fine, silent, other, unreachable, gone, withdrawn, unknown)
    no_consent = ["no-consent"] * 2
    assert [one["refused"] for one in found] == [
        None, *no_consent, "no-channel", *no_consent, "unknown-contact",
    ]  # fmt: skip
    assert await count(forms.service, "survey_contact") == 1, "who is refused was not asked"


async def test_the_preferred_channel_is_used_where_it_is_allowed(forms: Forms) -> None:
    survey = await forms.survey(channels=["email", "sms"])
    phones = [{"value": "13812345678"}]
    both = await forms.contact(phones=phones, preferred_channel="sms", allows=("email", "sms"))
    one = await forms.contact(phones=phones, preferred_channel="sms", allows=("email",))
    assert [item["channel"] for item in await forms.invited(survey, both, one)] == ["sms", "email"]


async def test_the_cap_is_over_all_surveys_and_ends_exactly_after_30_days(forms: Forms) -> None:
    contact, first = await forms.contact(), await forms.survey()
    assert (await forms.invited(first, contact))[0]["refused"] is None
    second = await forms.survey("csat")
    forms.after(hours=DAYS_30, microseconds=-1)
    assert (await forms.invited(second, contact))[0]["refused"] == "fatigue-cap"
    forms.after(microseconds=1)
    assert (await forms.invited(second, contact))[0]["refused"] is None
    forms.after(hours=1)
    assert (await forms.invited(first, contact))[0]["refused"] == "fatigue-cap"


async def test_of_many_at_once_one_invites_a_contact(forms: Forms) -> None:
    contacts = [await forms.contact() for _ in range(3)]
    surveys = [await forms.survey(kind) for kind in ("nps", "csat", "ces", "nps")]
    turned = [contacts, contacts[::-1], contacts, contacts[::-1]]
    found = await asyncio.gather(*(forms.invited(one, *them) for one, them in zip(surveys, turned, strict=True)))
    for contact in contacts:
        words = [item["refused"] for items in found for item in items if item["contact_id"] == contact["id"]]
        assert sorted(words, key=str) == [None] + ["fatigue-cap"] * 3 or words.count(None) == 1
    assert await count(forms.service, "survey_invitation") == 3


async def test_a_withdrawal_that_comes_first_is_seen(forms: Forms) -> None:
    survey, contact = await forms.survey(), await forms.contact(allows=())
    consent = await forms.consent(contact, "email")
    async with forms.service.transaction() as tx:
        await tx.execute("SELECT FROM contact WHERE id = $1 FOR NO KEY UPDATE", contact["id"])
        waiting = asyncio.create_task(forms.invited(survey, contact))
        while not await forms.service.rows("SELECT FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await tx.execute("UPDATE contact SET channels = '[]', version = version + 1 WHERE id = $1", contact["id"])
    assert (await waiting)[0]["refused"] == "no-consent"
    assert consent["is_granted"]


async def test_what_somebody_is_asked_about_is_the_accounts(forms: Forms) -> None:
    account = await forms.world.account()
    order, other = await forms.world.placed(account), await forms.world.placed()
    survey, contact = await forms.survey(), await forms.contact(account)
    assert (await forms.invited(survey, contact, order_id=other["id"]))[0]["refused"] == "unknown-order"
    await forms.token(survey, contact, order_id=order["id"], product_line="rock")
    (row,) = (await forms.service.get(f"/v1/surveys/{survey['id']}/invitations")).json()["items"]
    assert (row["order_id"], row["product_line"]) == (order["id"], "rock")


async def test_a_promotion_that_was_never_heard_of_is_asked_about_by_nobody(forms: Forms) -> None:
    survey, contact = await forms.survey(), await forms.contact()
    promotion = PromotionEnded.EXAMPLE["id"]
    assert (await forms.invited(survey, contact, promotion_id=promotion))[0]["refused"] == "unknown-promotion"
    await forms.service.deliver(make_event("channels.promotion.ended.v1", PromotionEnded.EXAMPLE, promotion))
    await forms.token(survey, contact, promotion_id=promotion)


async def test_a_seller_invites_whom_they_see(forms: Forms) -> None:
    survey, mine = await forms.survey(), await forms.contact()
    other = await forms.contact(await forms.world.account(owner_id=None))
    body = {"contacts": [{"contact_id": one["id"]} for one in (mine, other)]}
    headers = forms.service.headers("rep-1", "sales_rep")
    path = f"/v1/surveys/{survey['id']}/invitations"
    answer = await forms.service.post(path, body, headers=headers)
    assert [one["refused"] for one in answer.json()["items"]] == [None, "unknown-contact"]
    assert (answer.json()["invited"], answer.json()["refused"]) == (1, 1)
    assert await forms.invited(survey, other)
    assert len((await forms.service.get(path, headers=headers)).json()["items"]) == 1
    assert (await forms.service.post(path, body, headers=forms.service.headers("a", "auditor"))).status_code == 403


@pytest.mark.parametrize("change", [{"contacts": []}, {"contacts": "twice"}, {"contacts": "many"}])
async def test_a_request_names_each_contact_once_and_not_too_many(forms: Forms, change: dict[str, Any]) -> None:
    survey = await forms.survey()
    one = {"contact_id": "01989f2e-0000-7000-8000-0000000000ff"}
    made = {"twice": [one, one], "many": [{"contact_id": f"01989f2e-0000-7000-8000-{n:012x}"} for n in range(5001)]}
    contacts = made.get(change["contacts"]) if isinstance(change["contacts"], str) else change["contacts"]
    answer = await forms.service.post(f"/v1/surveys/{survey['id']}/invitations", {"contacts": contacts})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_a_closed_survey_invites_nobody_and_takes_what_was_sent(forms: Forms) -> None:
    survey = await forms.survey()
    token = await forms.token(survey)
    path = f"/v1/surveys/{survey['id']}"
    closed = await forms.service.post(f"{path}/close")
    assert (closed.status_code, closed.json()["version"]) == (200, 2)
    assert (await forms.service.post(f"{path}/close")).json() == closed.json()
    answer = await forms.service.post(
        f"{path}/invitations", {"contacts": [{"contact_id": (await forms.contact())["id"]}]}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "survey-closed")
    assert (await forms.answer(token, score=9)).status_code == 200
    assert (await forms.service.patch(path, {"name": "b"}, 2)).json()["code"] == "survey-closed"


async def test_questions_stay_once_somebody_was_asked(forms: Forms) -> None:
    survey = await forms.survey("custom", questions=[{"key": "why", "kind": "text", "label": "Why?"}])
    path, changed = f"/v1/surveys/{survey['id']}", [{"key": "who", "kind": "text", "label": "Who?"}]
    assert (await forms.service.patch(path, {"questions": changed}, 1)).json()["questions"][0]["key"] == "who"
    assert (await forms.service.patch(path, {"questions": []}, 2)).status_code == 422
    await forms.token(survey)
    refused = await forms.service.patch(path, {"questions": [{**changed[0], "label": "Whom?"}]}, 2)
    assert (refused.status_code, refused.json()["code"]) == (409, "survey-in-use")
    assert (await forms.service.patch(path, {"name": "b", "questions": changed}, 2)).status_code == 200


async def test_a_survey_is_changed_by_those_whose_scope_has_it(forms: Forms) -> None:
    rep, other = forms.service.headers("rep-1", "sales_rep"), forms.service.headers("rep-3", "sales_rep")
    company = await forms.survey()
    own = (await forms.service.post("/v1/surveys", {"name": "Mine", "kind": "csat"}, headers=rep)).json()
    assert (company["owner_id"], own["owner_id"]) == (None, str(REP_1))
    for survey, caller, status in ((company, rep, 404), (own, other, 404), (own, rep, 200)):
        path = f"/v1/surveys/{survey['id']}"
        assert (await forms.service.patch(path, {"name": "b"}, 1, headers=caller)).status_code == status
        assert (await forms.service.post(f"{path}/close", headers=caller)).status_code == status
        assert (await forms.service.get(path, headers=caller)).status_code == 200
    body = {"contacts": [{"contact_id": (await forms.contact())["id"]}]}
    path = f"/v1/surveys/{(await forms.service.post('/v1/surveys', own_body(), headers=rep)).json()['id']}"
    assert (await forms.service.post(f"{path}/invitations", body, headers=other)).status_code == 404
    assert (await forms.service.post(f"{path}/invitations", body, headers=rep)).json()["invited"] == 1


def own_body() -> dict[str, Any]:
    """A survey of whoever adds it."""
    return {"name": "Mine too", "kind": "ces"}
