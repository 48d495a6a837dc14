"""Figures of surveys with the numbers of the requirement; which answers fit, and how somebody is reached."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Invalid
from services.customer.accounts.enums import SatisfactionLevel
from services.customer.surveys.enums import SurveyKind, SurveyQuestionKind
from services.customer.surveys.rules import (
    SCALES,
    Asked,
    ScoreOutOfRange,
    ces,
    channels_to,
    check_asks,
    check_score,
    check_values,
    csat,
    is_detractor,
    level_of,
    nps,
    twelfths_of,
)

COUNTS = st.integers(0, 400)


def test_a_net_promoter_score_with_its_margin_and_interval() -> None:
    assert nps(50, 30, 20) == (30.0, 15.3, 14.1, 44.2)
    assert nps(10, 0, 0) == (100.0, 0.0, 47.5, 100.0)
    assert nps(0, 0, 10) == (-100.0, 0.0, -100.0, -47.5)
    assert nps(4, 0, 0) is None
    assert nps(5, 0, 0) is not None


@given(COUNTS, COUNTS, COUNTS)
def test_the_interval_holds_the_score_and_is_never_a_point(promoters: int, passives: int, detractors: int) -> None:
    found, mirrored = nps(promoters, passives, detractors), nps(detractors, passives, promoters)
    if found is None or mirrored is None:
        assert promoters + passives + detractors < 5
        return
    assert -100 <= found.low < found.high <= 100
    assert found.low <= found.score <= found.high
    assert (mirrored.score, mirrored.low, mirrored.high) == (-found.score, -found.high, -found.low)


def test_the_share_of_the_satisfied() -> None:
    assert csat(6, 8) == (750_000, 409_275, 928_521, 8)
    assert csat(4, 4).value is None


def test_a_mean_of_efforts() -> None:
    assert ces(50, 10) == (5.0, 3.21, 6.24)
    assert ces(28, 4) is None
    found = ces(70, 10)
    assert found is not None
    assert (found.mean, found.high) == (7.0, 7.0)
    assert found.low < 7


@given(st.lists(st.integers(1, 7), min_size=5, max_size=60))
def test_the_interval_of_a_mean_lies_on_the_scale(scores: list[int]) -> None:
    found = ces(sum(scores), len(scores))
    assert found is not None
    assert 1 <= found.low <= found.mean <= found.high <= 7
    assert found.low < found.high


def test_satisfaction_of_a_score() -> None:
    hundreds = {
        (SurveyKind.NPS, 0): 0, (SurveyKind.NPS, 8): 80, (SurveyKind.NPS, 10): 100, (SurveyKind.CSAT, 1): 0,
        (SurveyKind.CSAT, 4): 75, (SurveyKind.CSAT, 5): 100, (SurveyKind.CES, 1): 0, (SurveyKind.CES, 4): 50,
        (SurveyKind.CES, 7): 100,
    }  # fmt: skip
    assert {key: twelfths_of(*key) for key in hundreds} == {key: 12 * value for key, value in hundreds.items()}
    assert twelfths_of(SurveyKind.CUSTOM, None) is None
    high, mid, low = SatisfactionLevel
    assert [level_of(12 * value, 1) for value in (80, 79, 60, 59, 0)] == [high, mid, mid, low, low]
    assert level_of(12 * (80 + 80 + 79), 3) is mid, "79.67 is not 80"
    assert level_of(0, 0) is None


def test_a_detractor_gives_at_most_six_and_only_of_ten() -> None:
    assert [score for score in range(11) if is_detractor(SurveyKind.NPS, score)] == list(range(7))
    assert not is_detractor(SurveyKind.CSAT, 1)
    assert not is_detractor(SurveyKind.CUSTOM, None)


@given(st.sampled_from(list(SurveyKind)), st.none() | st.integers(-5, 15))
def test_a_score_lies_on_the_scale_of_its_kind(kind: SurveyKind, score: int | None) -> None:
    scale = SCALES.get(kind)
    is_right = score is None if scale is None else score is not None and scale[0] <= score <= scale[1]
    if is_right:
        check_score(kind, score)
    else:
        with pytest.raises(ScoreOutOfRange):
            check_score(kind, score)


ASKED = (
    Asked("speed", SurveyQuestionKind.SCALE, True, 0, 10, frozenset()),
    Asked("colour", SurveyQuestionKind.CHOICE, False, None, None, frozenset({10, 20})),
    Asked("why", SurveyQuestionKind.TEXT, False, None, None, frozenset()),
)


def test_the_value_that_is_kept_is_the_one_chosen_not_its_place() -> None:
    check_values(ASKED, {"speed": 0, "colour": 20}, {"why": "so"})
    for place in (0, 1):
        with pytest.raises(ScoreOutOfRange):
            check_values(ASKED, {"speed": 0, "colour": place}, {})


@pytest.mark.parametrize(
    ("values", "texts", "code", "pointer"),
    [
        ({"speed": 11}, {}, "score-out-of-range", "/answers/speed"),
        ({"speed": -1}, {}, "score-out-of-range", "/answers/speed"),
        ({}, {}, "missing", "/answers/speed"),
        ({"speed": 1, "other": 1}, {}, "unknown-question", "/answers/other"),
        ({"speed": 1, "why": 1}, {}, "unknown-question", "/answers/why"),
        ({}, {"speed": "10"}, "unknown-question", "/answers/speed"),
    ],
)
def test_answers_that_fit_no_question(values: dict[str, int], texts: dict[str, str], code: str, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_values(ASKED, values, texts)
    assert [(one.code, one.pointer) for one in refused.value.errors] == [(code, pointer)]


def test_a_custom_survey_asks_something() -> None:
    check_asks(SurveyKind.NPS, 0)
    check_asks(SurveyKind.CUSTOM, 1)
    with pytest.raises(Invalid):
        check_asks(SurveyKind.CUSTOM, 0)


def test_the_channel_that_a_contact_prefers_comes_first() -> None:
    wanted = ("email", "sms", "wechat")
    assert list(channels_to(wanted, None, has_email=True, has_phone=True)) == ["email", "sms", "wechat"]
    assert list(channels_to(wanted, "sms", has_email=True, has_phone=True)) == ["sms", "email", "wechat"]
    assert list(channels_to(wanted, "sms", has_email=True, has_phone=False)) == ["email", "wechat"]
    assert list(channels_to(("email",), "sms", has_email=False, has_phone=True)) == []
