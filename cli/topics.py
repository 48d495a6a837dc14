"""`crmesh topics`: the topics of the log as they should be."""

from __future__ import annotations

from typing import Any

import typer
from rich.table import Table

from cli.command import EXIT_FOUND, Data, Json, execute, show
from cli.connect import runtimes
from cli.console import out
from kit.events.topics import TopicPlan, apply_topics, plan_topics
from kit.runtime import topics_of
from standalone.registry import SERVICES

app = typer.Typer(no_args_is_help=True, help="Topics of the log: what they should be, and making them so.")

ALL_TOPICS = [topic for service in SERVICES for topic in topics_of(service)]
STYLES = {"none": "green", "create": "yellow", "configure": "yellow", "refuse": "bold red"}


@app.command()
def plan(data: Data = None, as_json: Json = False) -> None:
    """What would be created or changed. Exits 1 when there is something to do."""

    async def work() -> list[TopicPlan]:
        async with runtimes(data) as made:
            return await plan_topics(next(iter(made.values())).bus, ALL_TOPICS)

    plans = execute(work())
    _print([each.as_dict() for each in plans], as_json=as_json)
    raise typer.Exit(0 if all(each.action == "none" for each in plans) else EXIT_FOUND)


@app.command()
def apply(data: Data = None, as_json: Json = False) -> None:
    """Create what is missing and correct settings; the number of partitions is never changed."""

    async def work() -> tuple[list[TopicPlan], list[TopicPlan]]:
        async with runtimes(data) as made:
            bus = next(iter(made.values())).bus
            plans = await plan_topics(bus, ALL_TOPICS)
            await apply_topics(bus, plans)
            return plans, await plan_topics(bus, ALL_TOPICS)

    before, after = execute(work())
    _print([{**new.as_dict(), "done": old.action} for old, new in zip(before, after, strict=True)], as_json=as_json)
    raise typer.Exit(0 if all(each.action == "none" for each in after) else EXIT_FOUND)


def _print(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show(rows)
        return
    view = Table("topic", "partitions", "copies", "in sync", "to do", "why")
    for row in rows:
        state = row["state"] or {"partitions": "-", "replicas": "-", "in_sync": "-"}
        action = row.get("done") or row["action"]
        word = {"create": "created", "configure": "configured"}.get(action, action) if "done" in row else action
        figures = [str(state[name]) for name in ("partitions", "replicas", "in_sync")]
        view.add_row(row["topic"], *figures, f"[{STYLES[action]}]{word}[/]", row["detail"])
    out.print(view)
