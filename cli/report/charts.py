"""Charts in Vega-Lite's grammar, drawn without a browser. Dark on light in one hue each, with labels at the marks: they
are read without colours, and on paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import vl_convert

from cli.report.sections import Json, Spec

VERSION = "6.1"
WIDTH = 620
INK, MAIN, SOFT, FAINT, MARK = "#1b1b1b", "#1f4e79", "#7d9cbb", "#d6e0ea", "#b3400f"
BANDS = {"low": "#edf1f5", "medium": "#b9cadb", "high": "#6f93b5", "extreme": "#1f4e79"}
_FEW = 10
_CONFIG = {
    "background": "white",
    "font": "Noto Sans, Noto Sans CJK SC, Helvetica, Arial, sans-serif",
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "labelColor": INK, "titleColor": INK, "labelLimit": 220},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "orient": "top"},
    "text": {"fontSize": 12, "color": INK},
    "view": {"stroke": None},
}


def svg(spec: Spec, number_format: Mapping[str, Any]) -> str:
    """The picture. Reaches for nothing outside."""
    drawn: str = vl_convert.vegalite_to_svg(
        dict(spec), vl_version=VERSION, config=_CONFIG, format_locale=dict(number_format), allowed_base_urls=[]
    )
    return drawn


def rows(values: Sequence[Json]) -> Json:
    """Inline data."""
    return {"values": list(values)}


def _whole(values: Iterable[float]) -> Json:
    """The axis of counts or amounts: there is no half of an account, however few they are."""
    found = list(values)
    few = found and min(found) >= 0 and max(found) <= _FEW
    return {"format": "~s", **({"values": list(range(int(max(found)) + 1))} if few else {})}


def bars(values: Sequence[Json], x_title: str, *, mark_title: str = "", steps: int = 26) -> Spec:
    """Lying bars with their labels. Rows are {name, value, label}, and {mark} where a tick stands for a plan."""
    order = [row["name"] for row in values]
    y = {"field": "name", "type": "nominal", "sort": order, "title": None, "axis": {"domain": False, "ticks": False}}
    ends = [{**row, "end": max(row["value"], row.get("mark", 0))} for row in values]
    x = {
        "field": "value",
        "type": "quantitative",
        "title": x_title,
        "axis": {"grid": True, **_whole(row["end"] for row in ends)},
    }
    beyond = {**x, "field": "end"}
    layers: list[Json] = [
        {"mark": {"type": "bar", "color": SOFT, "height": {"band": 0.7}}, "encoding": {"y": y, "x": x}},
        {
            "mark": {"type": "text", "align": "left", "dx": 4},
            "encoding": {"y": y, "x": beyond, "text": {"field": "label", "type": "nominal"}},
        },
    ]
    if mark_title:
        tick = {"type": "tick", "color": MARK, "thickness": 3, "height": {"band": 0.9}, "tooltip": None}
        layers.append(
            {"mark": tick, "encoding": {"y": y, "x": {"field": "mark", "type": "quantitative", "title": x_title}}}
        )
    return {"data": rows(ends), "width": WIDTH, "height": {"step": steps}, "layer": layers}


def intervals(values: Sequence[Json], x_title: str) -> Spec:
    """Points with their intervals. Rows are {name, value, low, high, label}."""
    order = [row["name"] for row in values]
    y = {"field": "name", "type": "nominal", "sort": order, "title": None}
    scale = {"domain": [0, 1]}
    return {
        "data": rows(values),
        "width": WIDTH,
        "height": {"step": 30},
        "layer": [
            {
                "mark": {"type": "rule", "color": MAIN, "strokeWidth": 2},
                "encoding": {
                    "y": y,
                    "x": {"field": "low", "type": "quantitative", "title": x_title, "scale": scale},
                    "x2": {"field": "high"},
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "color": MAIN},
                "encoding": {"y": y, "x": {"field": "value", "type": "quantitative"}},
            },
            {
                "mark": {"type": "text", "align": "center", "dy": -11},
                "encoding": {
                    "y": y,
                    "x": {"field": "value", "type": "quantitative"},
                    "text": {"field": "label", "type": "nominal"},
                },
            },
        ],
    }


def columns(values: Sequence[Json], y_title: str) -> Spec:
    """Standing bars in the order given. Rows are {name, value, label}."""
    x = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelAngle": 0}}
    y = {"field": "value", "type": "quantitative", "title": y_title, "axis": _whole(row["value"] for row in values)}
    return {
        "data": rows(values),
        "width": WIDTH,
        "height": 240,
        "layer": [
            {"mark": {"type": "bar", "color": SOFT}, "encoding": {"x": x, "y": y}},
            {
                "mark": {"type": "text", "baseline": "bottom", "dy": -3},
                "encoding": {"x": x, "y": y, "text": {"field": "label", "type": "nominal"}},
            },
        ],
    }


def stacked(values: Sequence[Json], x_title: str, parts: Sequence[str]) -> Spec:
    """Lying bars of parts. Rows are {name, part, value}; parts from dark to light."""
    shades = [MAIN, SOFT, FAINT, "#9aa0a6"][: len(parts)]
    sums: Counter[str] = Counter()
    for row in values:
        sums[row["name"]] += row["value"]
    return {
        "data": rows([{**row, "rank": parts.index(row["part"])} for row in values]),
        "width": WIDTH,
        "height": {"step": 28},
        "mark": {"type": "bar", "stroke": INK, "strokeWidth": 0.5},
        "encoding": {
            "y": {"field": "name", "type": "nominal", "sort": None, "title": None},
            "x": {"field": "value", "type": "quantitative", "title": x_title, "axis": _whole(sums.values())},
            "order": {"field": "rank", "type": "quantitative"},
            "color": {
                "field": "part",
                "type": "nominal",
                "sort": list(parts),
                "title": None,
                "scale": {"domain": list(parts), "range": shades},
            },
        },
    }


def progress(values: Sequence[Json], band: Sequence[Json], y_title: str) -> Spec:
    """Two lines over days, each of them named, and a band. Rows are {day, value, line}; of the band {day, low, middle,
    high}. A day is the same one wherever the picture is drawn."""
    days = sorted({str(row["day"]) for row in (*values, *band)})
    x = {
        "field": "day",
        "type": "temporal",
        "timeUnit": "utcyearmonthdate",
        "title": None,
        "axis": {"format": "%Y-%m-%d", "values": [_moment(day) for day in days], "labelAngle": 0, "labelOverlap": True},
    }
    y = {"type": "quantitative", "title": y_title, "axis": {"format": "~s"}}
    lines = {
        "data": rows(values),
        "mark": {"type": "line", "point": True, "strokeWidth": 2.5},
        "encoding": {
            "x": x,
            "y": {"field": "value", **y},
            "color": {"field": "line", "type": "nominal", "title": None, "scale": {"range": [MAIN, MARK]}},
            "strokeDash": {"field": "line", "type": "nominal", "title": None},
        },
    }
    layers: list[Json] = [lines]
    if band:
        of_band = {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}}
        layers.append({"data": rows(band), "mark": {"type": "errorbar", "ticks": True}, "encoding": of_band})
        layers.append(
            {
                "data": rows(band),
                "mark": {"type": "point", "shape": "diamond", "filled": True, "size": 110, "color": INK},
                "encoding": {"x": x, "y": {"field": "middle", **y}},
            }
        )
    return {"width": WIDTH, "height": 280, "layer": layers}


def _moment(day: str) -> Json:
    year, month, date = map(int, day.split("-"))
    return {"year": year, "month": month, "date": date, "utc": True}


def curve(values: Sequence[Json], x_title: str, y_title: str) -> Spec:
    """A falling line. Rows are {x, y}."""
    return {
        "data": rows(values),
        "width": WIDTH,
        "height": 280,
        "mark": {"type": "line", "color": MAIN, "strokeWidth": 2.5, "interpolate": "monotone"},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "title": x_title, "axis": {"format": "~s"}},
            "y": {"field": "y", "type": "quantitative", "title": y_title, "axis": {"format": ".0%"}},
        },
    }


def grid(values: Sequence[Json], x_title: str, y_title: str) -> Spec:
    """Cells from 1 to 5 each way, with a number in each. Rows are {x, y, band, label}."""
    x = {"field": "x", "type": "ordinal", "title": x_title, "axis": {"labelAngle": 0}}
    y = {"field": "y", "type": "ordinal", "title": y_title, "sort": "descending"}
    shade = {
        "field": "band",
        "type": "nominal",
        "title": None,
        "sort": list(BANDS),
        "scale": {"domain": list(BANDS), "range": list(BANDS.values())},
    }
    ink = {"condition": {"test": "datum.band === 'extreme'", "value": "white"}, "value": INK}
    return {
        "data": rows(values),
        "width": 360,
        "height": 300,
        "layer": [
            {"mark": {"type": "rect", "stroke": INK}, "encoding": {"x": x, "y": y, "color": shade}},
            {
                "mark": {"type": "text", "fontSize": 14},
                "encoding": {"x": x, "y": y, "text": {"field": "label", "type": "nominal"}, "color": ink},
            },
        ],
    }
