"""What answers come to: by business day, all or the latest of each contact, of those whom the caller sees."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from kit.ids import derived_id
from tests.customer.surveys.conftest import Forms

DAY = date(2026, 3, 2)
_INSERT = """
WITH i AS (
  INSERT INTO survey_invitation (id, survey_id, contact_id, account_id, channel, token_sha256, invited_at, invited_by,
    expires_at, answered_at)
  SELECT n.id, $1, c.id, c.account_id, 'email', sha256(n.id::text::bytea), $2::timestamptz, 'test',
    $2::timestamptz + interval '14 days', $2
  FROM unnest($3::uuid[], $4::uuid[]) AS n (id, contact) JOIN contact c ON c.id = n.contact
  RETURNING id, contact_id, account_id
)
INSERT INTO survey_answer (id, survey_id, invitation_id, contact_id, account_id, kind, score, twelfths, choices, texts,
  business_date, answered_at)
SELECT i.id, $1, i.id, i.contact_id, i.account_id, s.kind, n.score, 0, '{}', '{}', n.day, $2
FROM i JOIN unnest($3::uuid[], $5::int[], $6::date[]) AS n (id, score, day) ON n.id = i.id JOIN survey s ON s.id = $1
"""
Given = list[tuple[str, int, int]]
"""Contact, score, days after the first."""


async def _answers(forms: Forms, survey: dict[str, Any], given: Given) -> None:
    """Answers as they stand."""
    ids = [derived_id(survey["id"], number) for number in range(len(given))]
    async with forms.service.transaction() as tx:
        await tx.execute(
            _INSERT, UUID(survey["id"]), forms.days.moment, ids, [UUID(one) for one, _, _ in given],
            [score for _, score, _ in given], [DAY + timedelta(days=day) for _, _, day in given],
        )  # fmt: skip


async def _results(forms: Forms, survey: dict[str, Any], query: str = "", **options: Any) -> dict[str, Any]:
    answer = await forms.service.get(f"/v1/surveys/{survey['id']}/results{query}", **options)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_days_that_end_before_they_start(forms: Forms) -> None:
    survey = await forms.survey()
    answer = await forms.service.get(f"/v1/surveys/{survey['id']}/results?from=2026-03-02&to=2026-03-01")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "to")


async def test_the_net_promoter_score_of_a_hundred_answers(forms: Forms) -> None:
    survey, contact = await forms.survey(), await forms.contact()
    scores = [9] * 25 + [10] * 25 + [7] * 15 + [8] * 15 + [6] * 10 + [0] * 10
    await _answers(forms, survey, [(contact["id"], score, 0) for score in scores])
    found = await _results(forms, survey)
    assert found["nps"] == {"score": 30.0, "margin_of_error": 15.3, "low": 14.1, "high": 44.2}
    assert (found["sample_size"], found["csat"], found["ces"], found["insufficient_data"]) == (100, None, None, None)
    assert (found["as_of"], found["formula_version"]) == ("2026-03-02", 1)
    assert [(one["score"], one["answers"]) for one in found["scores"]] == [
        (0, 10), (6, 10), (7, 15), (8, 15), (9, 25), (10, 25),
    ]  # fmt: skip


async def test_under_five_answers_are_too_few(forms: Forms) -> None:
    contact = await forms.contact()
    for kind in ("nps", "csat", "ces"):
        survey = await forms.survey(kind)
        await _answers(forms, survey, [(contact["id"], 5, 0)] * 4)
        found = await _results(forms, survey)
        assert (found[kind], found["sample_size"]) == (None, 4)
        assert found["insufficient_data"] == {"reason": "answers", "have": 4, "need": 5}


async def test_satisfied_and_effort(forms: Forms) -> None:
    contact = await forms.contact()
    csat, ces = await forms.survey("csat"), await forms.survey("ces")
    await _answers(forms, csat, [(contact["id"], score, 0) for score in (5, 5, 5, 4, 4, 4, 3, 1)])
    await _answers(forms, ces, [(contact["id"], score, 0) for score in (5, 4, 6, 5, 5, 5, 4, 6, 5, 5)])
    assert (await _results(forms, csat))["csat"] == {"share": 750_000, "low": 409_275, "high": 928_521}
    assert (await _results(forms, ces))["ces"] == {"mean": 5.0, "low": 3.21, "high": 6.24}


async def test_by_business_day_and_the_latest_of_each_contact(forms: Forms) -> None:
    survey = await forms.survey()
    people = [(await forms.contact())["id"] for _ in range(5)]
    await _answers(forms, survey, [(one, 0, 0) for one in people] + [(one, 10, 5) for one in people[:4]])
    for query, size, score in (
        ("", 9, -11.1), ("?latest=true", 5, 60.0), ("?from=2026-03-02&to=2026-03-06", 5, -100.0),
        ("?latest=true&to=2026-03-06", 5, -100.0), ("?from=2026-03-03", 4, None), ("?to=2026-03-01", 0, None),
    ):  # fmt: skip
        found = await _results(forms, survey, query)
        assert (found["sample_size"], (found["nps"] or {}).get("score")) == (size, score), query
    assert (await forms.service.get(f"/v1/surveys/{survey['id']}/results?first=2026-03-02")).status_code == 400


async def test_who_sees_some_accounts_sees_their_answers(forms: Forms) -> None:
    survey = await forms.survey()
    mine, other = await forms.contact(), await forms.contact(await forms.world.account(owner_id=None))
    await _answers(forms, survey, [(mine["id"], 10, 0)] * 5 + [(other["id"], 0, 0)] * 5)
    seller = forms.service.headers("rep-1", "sales_rep")
    assert (await _results(forms, survey))["nps"]["score"] == 0.0
    assert (await _results(forms, survey, headers=seller))["nps"]["score"] == 100.0
    path = f"/v1/surveys/{survey['id']}/answers"
    assert len((await forms.service.get(path, headers=seller)).json()["items"]) == 5
    page = (await forms.service.get(f"{path}?score=0&account_id={other['account_id']}&count=exact")).json()
    assert page["count"] == 5
    assert (await forms.service.get(path, headers=forms.service.headers("x", "nobody"))).status_code == 403
