"""Use cases of KPIs: defined, published in versions that never change, measured against benchmarks."""

from __future__ import annotations

from uuid import UUID

from kit import clock
from kit.errors import Conflict, FieldError, Invalid, NotFound
from kit.ids import new_id
from kit.records import Resource, add, change, fresh, require
from kit.versions import Versions
from kit.work import Work
from services.targets.kpis import repository
from services.targets.kpis.enums import KpiDimension, KpiMeasure
from services.targets.kpis.measures import MEASURES
from services.targets.kpis.models import Benchmark, Kpi, KpiVersion, Term
from services.targets.kpis.rules import unit_of
from services.targets.kpis.schemas import KpiBenchmarkSet, KpiCreate, KpiPublish, KpiTerm, KpiUpdate

MOST_BENCHMARKS = 100
MOST_VERSIONS = 1_000
_NARROWING = {
    "product_line": KpiDimension.PRODUCT_LINE,
    "region": KpiDimension.REGION,
    "customer_type": KpiDimension.CUSTOMER_TYPE,
    "channel_id": KpiDimension.CHANNEL,
}
KPIS = Resource(
    "kpi",
    Kpi,
    lambda _one: None,
    audited=("code", "name", "description", "published", "benchmarks"),
    unique=("code",),
)


class MeasureUnknown(Invalid):
    code, title = "measure-unknown", "The catalogue has no such measure"


class MeasuresUnrelated(Invalid):
    code, title = "measures-unrelated", "These measures make no figure together"


class DimensionNotSupported(Invalid):
    code, title = "dimension-not-supported", "A measure has no such dimension"


class KpiNotPublished(Conflict):
    code, title = "kpi-not-published", "The KPI has no version yet"


class KpiFull(Conflict):
    code, title = "kpi-full", "The KPI has as many versions or benchmarks as there may be"


async def add_kpi(work: Work, data: KpiCreate) -> Kpi:
    """A new KPI; raises Taken."""
    return await add(work, KPIS, Kpi(**fresh(), **data.model_dump(), published=0, benchmarks=()))


async def require_kpi(work: Work, kpi_id: UUID) -> Kpi:
    """A KPI by id; raises NotFound."""
    return await require(work, KPIS, kpi_id)


async def list_published(work: Work) -> list[Kpi]:
    """The KPIs that have a version, by their codes."""
    return await repository.list_published(work.tx)


async def update_kpi(work: Work, kpi_id: UUID, version: Versions, data: KpiUpdate) -> Kpi:
    """Change the name or the description; raises NotFound, VersionMismatch."""
    return await change(work, KPIS, await require(work, KPIS, kpi_id, version=version), data.given())


async def set_benchmark(work: Work, kpi_id: UUID, version: Versions, data: KpiBenchmarkSet) -> Kpi:
    """What the KPI is measured against from a day on, in the place of what was from that day on. Raises NotFound,
    VersionMismatch, KpiFull."""
    before = await require(work, KPIS, kpi_id, version=version)
    others = [one for one in before.benchmarks if one.valid_from != data.valid_from]
    if len(others) >= MOST_BENCHMARKS:
        raise KpiFull(f"{MOST_BENCHMARKS} benchmarks")
    own = Benchmark(value=data.value, source=data.source, valid_from=data.valid_from)
    dated = sorted([*others, own], key=lambda one: one.valid_from)
    return await change(work, KPIS, before, {"benchmarks": tuple(dated)}, action="set-benchmark")


async def publish_version(work: Work, kpi_id: UUID, data: KpiPublish) -> KpiVersion:
    """The next version, which never changes. Raises NotFound, MeasureUnknown, DimensionNotSupported,
    MeasuresUnrelated, KpiFull."""
    before = await require(work, KPIS, kpi_id, lock=True)
    numerator = _term(data.numerator, "/numerator")
    denominator = None if data.denominator is None else _term(data.denominator, "/denominator")
    unit = unit_of(numerator.measure, None if denominator is None else denominator.measure)
    if unit is None:
        raise MeasuresUnrelated(errors=[FieldError("/denominator/measure", "unrelated", "of another kind")])
    if before.published >= MOST_VERSIONS:
        raise KpiFull(f"{MOST_VERSIONS} versions")
    version = KpiVersion(
        id=new_id(),
        kpi_id=kpi_id,
        number=before.published + 1,
        numerator=numerator,
        denominator=denominator,
        window_days=data.window_days,
        unit=unit,
        direction=data.direction,
        author=work.actor.subject,
        recorded_at=clock.now(),
    )
    await repository.add_version(work.tx, version)
    await change(work, KPIS, before, {"published": version.number}, action="publish")
    return version


async def require_version(work: Work, kpi: Kpi, number: int | None) -> KpiVersion:
    """A version of a KPI, the newest without a number. Raises KpiNotPublished, NotFound."""
    if not kpi.published:
        raise KpiNotPublished
    found = await repository.get_version(work.tx, kpi.id, number or kpi.published)
    if found is None:
        raise NotFound(what="kpi-version")
    return found


def _term(data: KpiTerm, pointer: str) -> Term:
    if data.measure not in set(KpiMeasure):
        raise MeasureUnknown(errors=[FieldError(f"{pointer}/measure", "measure-unknown", "see /v1/measures")])
    term = Term(**{**data.model_dump(), "measure": KpiMeasure(data.measure)})
    for name, dimension in _NARROWING.items():
        if getattr(term, name) is not None and dimension not in MEASURES[term.measure].dimensions:
            detail = f"{term.measure} has no {dimension}"
            raise DimensionNotSupported(errors=[FieldError(f"{pointer}/{name}", "dimension-not-supported", detail)])
    return term
