"""Forms: opened by whoever has the token, changed by nothing but one answer."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.customer.conftest import REP_1
from tests.customer.surveys.conftest import Forms, count

ANSWERED = "customer.survey.answered.v1"
QUESTIONS = [
    {"key": "speed", "kind": "scale", "label": "How fast?", "least": 0, "most": 10, "is_required": True},
    {"key": "colour", "kind": "choice", "label": "Which?", "options": [
        {"value": 20, "label": "blue"}, {"value": 10, "label": "red"},
    ]},
    {"key": "why", "kind": "text", "label": "Why?"},
]  # fmt: skip


async def _everything(forms: Forms) -> list[str]:
    """Every row that a form could touch."""
    tables = ("survey", "survey_invitation", "survey_answer", "audit_log", "outbox", "idempotency_key", "service_case")
    sql = " UNION ALL ".join(f"SELECT '{table}' || t::text || xmin::text AS row FROM {table} t" for table in tables)
    return sorted(row["row"] for row in await forms.service.rows(sql))


async def test_opening_a_form_changes_nothing_however_often(forms: Forms) -> None:
    token = await forms.token(await forms.survey(questions=QUESTIONS))
    before = await _everything(forms)
    for method in ("GET", "HEAD", "GET"):
        found = await forms.service.client.request(method, f"/v1/survey-forms/{token}")
        assert (found.status_code, found.headers["cache-control"]) == (200, "no-store")
    form = found.json()
    assert (form["kind"], form["state"], form["score"]) == ("nps", "open", {"least": 0, "most": 10})
    assert [one["key"] for one in form["questions"]] == ["speed", "colour", "why"]
    assert await _everything(forms) == before


async def test_an_answer_is_taken_once(forms: Forms) -> None:
    survey = await forms.survey(questions=QUESTIONS)
    token = await forms.token(survey, product_line="rock")
    given = {"score": 9, "answers": {"speed": 0, "colour": 20, "why": "Friendly"}, "comment": "Thanks"}
    done = await forms.answer(token, **given)
    assert (done.status_code, done.json()["state"]) == (200, "answered")
    for body in (given, {"score": 0}, {"score": 99}):
        again = await forms.answer(token, **body)
        assert (again.status_code, again.json()["code"]) == (409, "already-answered")
    assert (await forms.form(token)).json()["state"] == "answered"
    (row,) = (await forms.service.get(f"/v1/surveys/{survey['id']}/answers")).json()["items"]
    assert (row["score"], row["choices"], row["texts"]) == (9, {"speed": 0, "colour": 20}, {"why": "Friendly"})
    assert (row["comment"], row["business_date"], row["case_id"]) == ("Thanks", "2026-03-02", None)
    (fact,) = await forms.service.published(ANSWERED)
    assert (fact.payload["score"], fact.payload["level"], fact.payload["owner_id"]) == (9, "high", str(REP_1))
    assert (fact.payload["product_line"], fact.payload["contact_id"]) == ("rock", row["contact_id"])
    assert b"Friendly" not in fact.data
    assert b"Thanks" not in fact.data


async def test_of_many_answers_at_once_one_counts(forms: Forms) -> None:
    token = await forms.token(await forms.survey())

    async def answered(score: int) -> httpx.Response:
        """The answer to an answer; who waited too long for the one before asks again."""
        while (done := await forms.answer(token, score=score)).status_code == 503:
            assert done.json()["retryable"]
        return done

    found = await asyncio.gather(*(answered(score) for score in (0, 3, 6, 9, 10)))
    assert sorted(one.status_code for one in found) == [200, 409, 409, 409, 409]
    (kept,) = await forms.service.rows("SELECT score, case_id FROM survey_answer")
    (done,) = (n for n, one in zip((0, 3, 6, 9, 10), found, strict=True) if one.status_code == 200)
    assert kept["score"] == done
    assert (kept["case_id"] is not None) == (done <= 6)
    assert await count(forms.service, "service_case") == int(done <= 6)
    assert len(await forms.service.published(ANSWERED)) == 1


async def test_an_invitation_expires_exactly_after_its_days(forms: Forms) -> None:
    survey = await forms.survey(valid_days=1)
    late, now = await forms.token(survey), await forms.token(survey)
    answered = await forms.answered(survey, score=9)
    forms.after(days=1, microseconds=-1)
    assert (await forms.answer(now, score=9)).status_code == 200
    forms.after(microseconds=1)
    for found in (await forms.form(late), await forms.answer(late, score=9)):
        assert (found.status_code, found.json()["code"]) == (410, "invitation-expired")
    assert (await forms.answer(answered, score=9)).status_code == 409, "answered comes before expired"


@pytest.mark.parametrize(
    ("kind", "scores"), [("nps", (-1, 11, None)), ("csat", (0, 6, None)), ("ces", (0, 8, None)), ("custom", (5,))]
)
async def test_scores_out_of_range_leave_the_form_open(forms: Forms, kind: str, scores: tuple[int | None, ...]) -> None:
    token = await forms.token(await forms.survey(kind, questions=[QUESTIONS[1]]))
    for score in scores:
        found = await forms.answer(token, score=score)
        assert (found.status_code, found.json()["code"]) == (422, "score-out-of-range")
        assert found.json()["errors"][0]["pointer"] == "/score"
    assert (await forms.answer(token, score=None, answers={"colour": 1})).status_code == 422
    assert (await forms.form(token)).json()["state"] == "open"
    assert await count(forms.service, "survey_answer") == 0


async def test_a_question_of_ten_in_a_custom_survey_is_no_recommendation(forms: Forms) -> None:
    survey = await forms.survey("custom", questions=QUESTIONS)
    await forms.answered(survey, answers={"speed": 0})
    (fact,) = await forms.service.published(ANSWERED)
    assert (fact.payload["kind"], fact.payload["score"], fact.payload["level"]) == ("custom", None, None)
    assert await count(forms.service, "service_case") == 0
    found = (await forms.service.get(f"/v1/surveys/{survey['id']}/results")).json()
    assert (found["sample_size"], found["nps"], found["insufficient_data"], found["scores"]) == (1, None, None, [])
    await forms.turn()
    assert await forms.levels() == []


@pytest.mark.parametrize("score", [0, 6, 7])
async def test_a_detractor_opens_one_case_with_what_they_said(forms: Forms, score: int) -> None:
    account = await forms.world.account()
    order = await forms.world.placed(account)
    survey, contact = await forms.survey(), await forms.contact(account)
    token = await forms.token(survey, contact, order_id=order["id"])
    assert (await forms.answer(token, score=score, comment="Too slow")).status_code == 200
    found = (await forms.service.get("/v1/cases")).json()["items"]
    (answer,) = (await forms.service.get(f"/v1/surveys/{survey['id']}/answers")).json()["items"]
    if score == 7:
        assert (found, answer["case_id"]) == ([], None)
        return
    (case,) = found
    assert answer["case_id"] == case["id"]
    assert (case["kind"], case["account_id"], case["contact_id"]) == ("feedback", account["id"], contact["id"])
    assert (case["owner_id"], case["order_id"], case["subject"]) == (
        str(REP_1), order["id"], f"NPS {score}: How were we (nps)?",
    )  # fmt: skip
    whole = (await forms.service.get(f"/v1/cases/{case['id']}")).json()
    assert whole["description"] == "Too slow"
    assert len(await forms.service.published("customer.case.opened.v1")) == 1


async def test_an_answer_whose_case_fails_is_no_answer(forms: Forms, monkeypatch: pytest.MonkeyPatch) -> None:
    token = await forms.token(await forms.survey())

    async def fails(*_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr("services.customer.survey_forms.service.cases.create_case", fails)
        assert (await forms.answer(token, score=1)).status_code == 500
    assert await count(forms.service, "survey_answer") == 0
    assert (await forms.answer(token, score=1)).status_code == 200


async def test_an_archived_account_still_answers_and_gets_no_case(forms: Forms) -> None:
    account = await forms.world.account()
    token = await forms.token(await forms.survey(), await forms.contact(account))
    assert (await forms.service.post(f"/v1/accounts/{account['id']}/archive")).status_code == 200
    assert (await forms.answer(token, score=1)).status_code == 200
    assert await count(forms.service, "service_case") == 0


async def test_a_token_that_is_none_opens_nothing(forms: Forms) -> None:
    await forms.token(await forms.survey())
    for token in ("a" * 27, "a", "A-_" * 9):
        for found in (await forms.form(token), await forms.answer(token, score=9)):
            assert (found.status_code, found.json()["code"]) == (404, "survey-form-not-found")
    assert (await forms.form("a" * 65)).status_code == 422
    for path in ("/v1/survey-forms", "/v1/survey-forms/", "/v1/surveys"):
        assert (await forms.service.client.get(path)).status_code in (401, 404)


@pytest.mark.parametrize("header", ["Bearer forged", "Bearer eyJhbGciOiJub25lIn0.e30.", "Basic eA=="])
async def test_a_forged_token_does_no_harm(forms: Forms, header: str) -> None:
    token, headers = await forms.token(await forms.survey()), {"Authorization": header}
    client = forms.service.client
    assert (await client.get(f"/v1/survey-forms/{token}", headers=headers)).status_code == 200
    path = f"/v1/survey-forms/{token}/answer"
    assert (await client.post(path, json={"score": 9}, headers=headers)).status_code == 200
    assert (await client.get("/v1/surveys", headers=headers)).status_code == 401
    audited = await forms.service.rows("SELECT actor FROM audit_log WHERE resource = 'survey_answer'")
    assert audited == [{"actor": "system"}]


async def test_bodies_that_fit_nothing(forms: Forms) -> None:
    token = await forms.token(await forms.survey(questions=QUESTIONS))
    for body in (
        {"score": "9"}, {"score": True}, {"score": 9, "answers": {"speed": 1.5}}, {"score": 9, "other": 1},
        {"score": 9, "answers": {"Speed": 1}}, {"score": 9, "comment": "x" * 4001}, {"score": 9, "answers": {}},
    ):  # fmt: skip
        assert (await forms.answer(token, **body)).status_code == 422, body
    path = f"/v1/survey-forms/{token}/answer"
    assert (await forms.service.client.post(path, content=b"{", headers={"Content-Type": "application/json"})).is_error
    assert (await forms.service.client.post(path, content=b"score=9")).status_code == 415


async def test_the_timeline_has_answers(forms: Forms) -> None:
    account = await forms.world.account()
    survey = await forms.survey()
    await forms.answered(survey, await forms.contact(account), score=3, comment="Slow")
    items = (await forms.service.get(f"/v1/accounts/{account['id']}/timeline?kind=answer")).json()["items"]
    (one,) = items
    assert (one["subject_id"], one["business_date"], one["data"]["score"]) == (survey["id"], "2026-03-02", 3)
    assert "Slow" not in str(one)
