"""The page: one file that opens without a connection and prints well."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cli.report.charts import svg
from cli.report.sections import Scope, Section

HERE = Path(__file__).parent


def pictures_of(scope: Scope, sections: Sequence[Section]) -> dict[str, str]:
    """SVG of every chart by the key of its section."""
    return {one.key: svg(one.chart, scope.numbers.of_charts()) for one in sections if one.chart is not None}


def _uri(drawn: str | None) -> str:
    """As an image of its own its ids cannot meet those of another."""
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.encode()).decode("ascii") if drawn else ""


def page(scope: Scope, sections: Sequence[Section], pictures: Mapping[str, str], subject: str) -> str:
    """HTML of the whole report. Every text that came from the system is escaped."""
    environment = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)
    template = environment.get_template("page.html.jinja")
    return template.render(
        unit=scope.unit_name,
        first=scope.numbers.day(scope.first),
        last=scope.numbers.day(scope.last),
        as_of=scope.numbers.day(scope.as_of),
        subject=subject,
        sections=[(section, _uri(pictures.get(section.key))) for section in sections],
    )
