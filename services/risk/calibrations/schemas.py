"""Schemas of calibrations; amounts are minor units of the base currency."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import Schema
from services.risk.risks.enums import RiskClass


class CalibrationsQuery(Schema):
    """Of which year."""

    year: Annotated[int, Field(ge=1900, le=2200, description="the calendar year, in the company's time zone")]


class ClassCalibrationRead(Schema):
    """What a class of risks was expected to cost, and did: `realised` is the net loss of incidents by the day on which
    they occurred.

    `percentile` says at how many percent of the simulated years no more was lost, `count_p` is the chance of a count as
    far from the expected one (both sides). Both are null for a class that the study has not.
    """

    risk_class: Annotated[RiskClass, Field(alias="class")]
    expected_loss: int | None
    realised: int
    percentile: int | None
    expected_incidents: float | None
    incidents: int
    count_p: float | None

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class CalibrationsRead(Schema):
    """A year against the last reference study of 12 months that was completed by its 1 January; without one
    `insufficient_data`. `is_over` is false while the year may still bring losses."""

    year: int
    study_id: UUID | None
    currency: str
    is_over: bool
    insufficient_data: bool
    classes: list[ClassCalibrationRead]
