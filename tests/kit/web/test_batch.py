"""Each row of a batch has its own result; a broken one does not stop the others."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from kit.errors import FieldError
from kit.web.batch import MAX_ROWS, BatchBody, Results, parse_rows
from kit.web.schema import Schema


async def test_rows_of_all_kinds(web: Any) -> None:
    rows: list[dict[str, Any]] = [
        {"name": "a"},
        {"name": ""},
        {"name": "b", "size": "many"},
        {"name": "c", "remark": "conflict"},
        {},
        {"name": "d", "secret": "hunter2"},
        {"name": "e"},
        {"name": "gpj.\u202eexe"},
    ]
    answer = await web.client.post("/v1/notes/batch", json={"rows": rows}, headers=web.headers())
    assert answer.status_code == 200
    body = answer.json()
    assert {k: body[k] for k in ("created", "unchanged", "updated", "problems")} == {
        "created": 2,
        "unchanged": 0,
        "updated": 0,
        "problems": 6,
    }
    assert [result["index"] for result in body["results"]] == list(range(8))
    pointers = [[e["pointer"] for e in r["problem"]["errors"]] if r["problem"] else None for r in body["results"]]
    refused = [["/rows/1/name"], ["/rows/2/size"], [], ["/rows/4/name"], ["/rows/5/secret"]]
    assert pointers == [None, *refused, None, ["/rows/7/name"]]
    assert [r["problem"]["code"] for r in body["results"] if r["problem"]] == [
        "invalid",
        "invalid",
        "not-a-teapot",
        "invalid",
        "invalid",
        "invalid",
    ]
    (bidi,) = body["results"][7]["problem"]["errors"]
    assert (bidi["code"], bidi["detail"][:21]) == ("text-direction", "U+202E at character 4")
    assert "hunter2" not in answer.text
    assert await web.names() == ["a", "e"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"rows": []}, "/rows"),
        ({"rows": [{"name": "a"}, 5]}, "/rows/1"),
        ({"rows": [None]}, "/rows/0"),
        ({"rows": {}}, "/rows"),
        ({}, "/rows"),
        ({"rows": [{}] * (MAX_ROWS + 1)}, "/rows"),
    ],
)
async def test_body_that_is_no_batch(web: Any, body: Any, pointer: str) -> None:
    answer = await web.client.post("/v1/notes/batch", json=body, headers=web.headers())
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


class Row(Schema):
    n: int


def test_counts_and_order() -> None:
    good, results = parse_rows(Row, BatchBody(rows=[{"n": 1}, {"n": "x"}, {"n": 3}, {"n": 4}]))
    assert [(index, row.n) for index, row in good] == [(0, 1), (2, 3), (3, 4)]
    for (index, _row), status in zip(good, ("unchanged", "updated", "created"), strict=True):
        results.done(index, status, uuid4())
    answer = results.answer()
    assert [answer[name] for name in ("created", "unchanged", "updated", "problems")] == [1, 1, 1, 1]
    assert [row["status"] for row in answer["results"]] == ["unchanged", "problem", "updated", "created"]


def test_forgotten_row_is_a_bug() -> None:
    results = Results(2)
    results.malformed(0, [FieldError("/rows/0", "x", "y")])
    with pytest.raises(AssertionError):
        results.answer()
