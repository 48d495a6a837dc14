"""What a told story reports: its steps with their times, and what broke."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from cli.console import out


class StoryBroken(Exception):
    """Something that must hold does not."""


@dataclass(frozen=True, slots=True)
class Step:
    """What became true, and how long after the command's answer."""

    name: str
    milliseconds: float


@dataclass
class StoryReport:
    """The steps taken; `broken` says what did not hold."""

    steps: list[Step] = field(default_factory=list)
    broken: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing was broken."""
        return not self.broken

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "holds": self.holds}


def print_story(report: StoryReport) -> None:
    """Steps and times for people."""
    out.print("[bold]One order through four services[/]")
    for step in report.steps:
        out.print(f"  {step.milliseconds:8.0f} ms  {step.name}")
    out.print("[green]the story holds[/]" if report.holds else f"[bold red]the story breaks[/]: {report.broken}")


def ensure(condition: bool, what: str) -> None:
    """Raise StoryBroken unless `condition`."""
    if not condition:
        raise StoryBroken(what)
