"""The page: what is in it, and what cannot get in."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import httpx
import pytest

from cli.load.client import Api, ApiError
from cli.report import charts
from cli.report.numbers import Numbers
from cli.report.page import page, pictures_of
from cli.report.sections import REFUSED, Scope, Section, Spec, Table, why

ODD = "</h1><script>alert(1)</script> \" onload='x' 某某公司 \u202e"
VALUES = [{"name": ODD, "value": 12.5, "label": "12,5", "mark": 20.0}, {"name": "b", "value": 3.0, "label": "3"}]
DAYS = [{"day": "2015-07-31", "value": 1.0, "line": "plan"}, {"day": "2015-08-31", "value": 2.0, "line": "actual"}]
BAND = [{"day": "2015-09-30", "low": 1.0, "middle": 2.0, "high": 3.0}]
SPECS: dict[str, Spec] = {
    "bars": charts.bars(VALUES, "CNY", mark_title="Plan"),
    "columns": charts.columns(VALUES, "CNY"),
    "intervals": charts.intervals([{"name": "a", "value": 0.5, "low": 0.3, "high": 0.7, "label": "50 %"}], "share"),
    "stacked": charts.stacked([{"name": "a", "part": "left", "value": 3.0}], "CNY", ["spent", "left"]),
    "progress": charts.progress(DAYS, BAND, "CNY"),
    "curve": charts.curve([{"x": 1.0, "y": 0.9}, {"x": 2.0, "y": 0.1}], "CNY", "probability"),
    "grid": charts.grid([{"x": 1, "y": 1, "band": "low", "label": "3"}], "impact", "likelihood"),
}


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def scope(api: Api, reader: str = "en") -> Scope:
    return Scope(api, Numbers.of(reader), "id", ODD, "2015-07-01", "2015-09-30", "2015-09-30", "CNY")


def made(*sections: Section, reader: str = "en") -> str:
    api: Api = object.__new__(Api)  # the page asks nothing
    about = scope(api, reader)
    return page(about, sections, pictures_of(about, sections), ODD)


def test_what_the_system_says_is_text_and_never_markup() -> None:
    table = Table(("a", ODD), [(ODD, ODD)])
    html = made(Section("one", ODD, ODD, SPECS["bars"], (table,)), Section("two", ODD, absent=ODD))
    seen = _Seen()
    seen.feed(html)
    assert "script" not in {tag for tag, _ in seen.tags}
    assert not [attributes for _, attributes in seen.tags if "onload" in attributes]
    assert html.count("&lt;script&gt;") >= 6


def test_every_picture_is_in_the_page_and_has_its_text_and_its_table() -> None:
    sections = [
        Section(key, key, f"about {key}", spec, (Table(("x", "y"), [("a", "1")]),)) for key, spec in SPECS.items()
    ]
    seen = _Seen()
    seen.feed(made(*sections))
    images = [attributes for tag, attributes in seen.tags if tag == "img"]
    assert len(images) == len(SPECS)
    for (key, _), image in zip(SPECS.items(), images, strict=True):
        head, _, body = (image["src"] or "").partition(",")
        assert head == "data:image/svg+xml;base64"
        root = ElementTree.fromstring(base64.b64decode(body))
        assert root.tag.endswith("svg")
        assert len(list(root.iter())) > 10, key
        assert f"about {key}" in (image["alt"] or "")
    assert [tag for tag, _ in seen.tags].count("table") == len(SPECS)


def test_nothing_outside_is_asked_for() -> None:
    html = made(*(Section(key, key, "", spec) for key, spec in SPECS.items()))
    decoded = [base64.b64decode(found).decode() for found in re.findall(r"base64,([^\"]+)", html)]
    for text in (re.sub(r"base64,[^\"]+", "", html), *decoded):
        links = {url for url in re.findall(r"https?://[^\"'\s)]+", text) if "www.w3.org" not in url}
        assert not links
    assert "default-src 'none'" in html


def test_labels_of_charts_are_in_the_svg_as_they_were_given() -> None:
    drawn = charts.svg(SPECS["columns"], Numbers.of("de").of_charts())
    assert ">12,5<" in drawn
    assert "<script" not in drawn


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai"])
def test_days_are_those_of_the_figures_wherever_they_are_drawn(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    drawn = charts.svg(SPECS["progress"], Numbers.of("en").of_charts())
    assert re.findall(r">(2015-[0-9-]+)<", drawn) == ["2015-07-31", "2015-08-31", "2015-09-30"]


@pytest.mark.parametrize("kind", ["bars", "columns", "stacked"])
def test_a_few_are_counted_in_whole_numbers(kind: str) -> None:
    spec = {
        "bars": charts.bars([{"name": "gold", "value": 2, "label": "2"}], "partners"),
        "columns": charts.columns([{"name": "A", "value": 2, "label": "2"}], "accounts"),
        "stacked": charts.stacked([{"name": "risk", "part": "red", "value": 2}], "alerts", ["red", "amber"]),
    }[kind]
    drawn = charts.svg(spec, Numbers.of("en").of_charts())
    assert {"0", "1"} <= set(re.findall(r">([0-9.]+)<", drawn)) <= {"0", "1", "2"}


def test_no_label_lies_under_the_mark_of_a_plan() -> None:
    row = {"name": "rep-01", "value": 10.0, "mark": 100.0, "label": "10 %"}
    spec = charts.bars([row], "CNY", mark_title="Plan")
    assert [each["end"] for each in spec["data"]["values"]] == [100.0]
    assert spec["layer"][1]["encoding"]["x"]["field"] == "end"


def test_the_axis_reaches_to_the_plan_where_nothing_was_sold() -> None:
    spec = charts.bars([{"name": "rep-01", "value": 0.0, "mark": 40_000.0, "label": "0 %"}], "CNY", mark_title="Plan")
    assert "40k" in re.findall(r">([0-9.k]+)<", charts.svg(spec, Numbers.of("en").of_charts()))


def test_numbers_are_the_readers_and_words_are_english() -> None:
    assert '<html lang="en">' in made(reader="zh_CN")
    assert "2015年7月1日" in made(reader="zh_CN")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, {"detail": "needs the permission tiers:read"}, REFUSED),
        (503, {"detail": "projection-building"}, "The service that owns this does not answer."),
        (404, {"detail": "No such run"}, "No such run"),
        (400, {"detail": "Wrong", "errors": [{"pointer": "from", "detail": "no date"}]}, "Wrong; from: no date"),
        (418, {}, "It was answered with 418."),
    ],
)
def test_a_part_that_is_not_there_says_why(status: int, body: dict[str, object], said: str) -> None:
    assert why(ApiError("GET", "/v1/things", httpx.Response(status, json=body))) == said
