"""Lists of indicators and of their histories."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.risk.alerts.enums import IndicatorLevel
from services.risk.indicators.models import Indicator, IndicatorValue
from services.risk.redirects.lists import filed_fields

OWNER = "i.owner_id"
INDICATORS = ListSpec(
    source="indicator i JOIN indicator_reading g ON g.id = i.id",
    fields={
        **fields_of(Indicator, "i", sortable=("created_at",), without=("account_id",)),
        **filed_fields("i.account_id", nullable=True),
        "value": Field("g.value", "int", nullable=True),
        "sample": Field("g.sample", "int"),
        "level": Field("g.level", enum=tuple(IndicatorLevel)),
        "evaluated_at": Field("g.evaluated_at", "datetime", nullable=True, filterable=False),
    },
    default_sort="created_at",
)
OF_INDICATOR = "v.indicator_id = $1"
VALUES = ListSpec(
    source="indicator_value v",
    fields=fields_of(IndicatorValue, "v", sortable=("at",), without=("indicator_id",)),
    default_sort="at",
)
