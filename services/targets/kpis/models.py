"""KPIs and their versions as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, identifier, moment, one_of, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.targets.db import Base
from services.targets.kpis.enums import KpiDirection, KpiMeasure, KpiUnit


class Benchmark(FrozenRow):
    """What a KPI is measured against from a day on, in the unit of the KPI."""

    value: int
    source: str
    valid_from: date


class Term(FrozenRow):
    """A measure and what narrows it."""

    measure: KpiMeasure
    product_line: str | None = None
    region: str | None = None
    customer_type: str | None = None
    channel_id: UUID | None = None


class Kpi(OwnedRow):
    """A KPI; `published` is the number of its newest version, 0 without any."""

    __tablename__ = "kpi"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code",), codes=("code",))

    code: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    description: Annotated[str | None, text(nullable=True)] = None
    published: Annotated[int, Field(nullable=False)]
    benchmarks: Annotated[tuple[Benchmark, ...], DECODED, document(nullable=False)]


class KpiTable(Kpi, TextKeyed, CodeKeyed, Base, table=True):
    """KPIs."""

    __table_args__ = (*key_indexes("kpi", Kpi.__text_keys__), *code_indexes("kpi", "code"))


class KpiVersion(FrozenRow):
    """A version of a KPI: what is divided by what. The database refuses a change of it."""

    __tablename__ = "kpi_version"

    id: Annotated[UUID, identifier(primary_key=True)]
    kpi_id: Annotated[UUID, identifier(nullable=False, foreign_key="kpi.id")]
    number: Annotated[int, Field(nullable=False)]
    numerator: Annotated[Term, DECODED, document(nullable=False)]
    denominator: Annotated[Term | None, DECODED, document(nullable=True)] = None
    window_days: Annotated[int | None, Field(nullable=True)] = None
    unit: Annotated[KpiUnit, text(nullable=False)]
    direction: Annotated[KpiDirection, text(nullable=False)]
    author: Annotated[str, text(nullable=False)]
    recorded_at: Annotated[datetime, moment(nullable=False)]


class KpiVersionTable(KpiVersion, Base, table=True):
    """Versions; they are only added."""

    __table_args__ = (
        one_of("unit", KpiUnit),
        one_of("direction", KpiDirection),
        sa.UniqueConstraint("kpi_id", "number"),
    )
