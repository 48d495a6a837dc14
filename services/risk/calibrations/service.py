"""Use cases of calibrations: what was expected of a year against what it brought."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from kit import clock
from kit.work import Work
from services.risk.calibrations import repository
from services.risk.calibrations.repository import Realised
from services.risk.calibrations.rules import count_p, percentile_of
from services.risk.calibrations.schemas import CalibrationsRead, ClassCalibrationRead
from services.risk.risks.enums import RiskClass
from services.risk.studies import service as studies
from services.risk.studies.bodies import ClassShare
from services.risk.studies.rules import MONTHS


async def calibrate(work: Work, year: int) -> CalibrationsRead:
    """The incidents of a year that the caller sees, against the reference study that was known when it began."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    begins = clock.start_of_day(work.settings.timezone, first)
    reference = await studies.last_reference(work, before=begins, months=MONTHS)
    expected = {} if reference is None else {one.risk_class: one for one in reference.results.classes}
    found = {RiskClass(one.risk_class): one for one in await repository.realised(work.tx, work.visible, first, last)}
    return CalibrationsRead(
        year=year,
        study_id=None if reference is None else reference.study.id,
        currency=work.base_currency,
        is_over=work.today > last,
        insufficient_data=reference is None,
        classes=_classes(expected, found),
    )


def _classes(
    expected: Mapping[RiskClass, ClassShare], found: Mapping[RiskClass, Realised]
) -> list[ClassCalibrationRead]:
    return [_class(one, expected.get(one), found.get(one)) for one in sorted(expected.keys() | found.keys())]


def _class(risk_class: RiskClass, expected: ClassShare | None, found: Realised | None) -> ClassCalibrationRead:
    incidents, loss = (0, 0) if found is None else (found.incidents, found.loss)
    return ClassCalibrationRead(
        risk_class=risk_class,
        expected_loss=None if expected is None else expected.expected_loss,
        realised=loss,
        percentile=None if expected is None else percentile_of(expected.quantiles, loss),
        expected_incidents=None if expected is None else expected.expected_events,
        incidents=incidents,
        count_p=None if expected is None else round(count_p(expected.expected_events, incidents), 6),
    )
