"""Alerts of risk, which may call for an adjustment."""
