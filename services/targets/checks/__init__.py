"""Checks of targets: specific, measurable, achievable, challenging, resourced, time-bound, consistent."""
