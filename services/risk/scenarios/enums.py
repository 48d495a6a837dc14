"""States of scenarios, kinds of their distributions, and sources of losses."""

from __future__ import annotations

from enum import StrEnum


class ScenarioState(StrEnum):
    """Whether new studies may have it."""

    ACTIVE = "active"
    ARCHIVED = "archived"


class Origin(StrEnum):
    """Where the distributions come from."""

    ENTERED = "entered"
    ESTIMATED = "estimated"


class FrequencyKind(StrEnum):
    """Laws of how often something happens."""

    POISSON = "poisson"
    NEGATIVE_BINOMIAL = "negative_binomial"
    BERNOULLI = "bernoulli"
    PER_OBJECT = "per_object"


class SeverityKind(StrEnum):
    """Laws of what one loss is."""

    LOGNORMAL = "lognormal"
    PERT = "pert"
    EMPIRICAL = "empirical"
    GPD_TAIL = "gpd_tail"
    EXPOSURE_SHARE = "exposure_share"


class ExposureDimension(StrEnum):
    """What exposures are counted by."""

    ACCOUNT = "account"
    PARTNER = "partner"
    REGION = "region"
    CHANNEL = "channel"
    PRODUCT_LINE = "product_line"


class LossSource(StrEnum):
    """Facts that losses are estimated from."""

    INCIDENT = "incident"
    DEFAULT = "default"
    RETURN = "return"
    CANCELLATION = "cancellation"
    CHURNED_REVENUE = "churned_revenue"
    REMEDY_COST = "remedy_cost"
