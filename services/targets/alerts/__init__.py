"""Alerts: targets that fall behind, judged day by day."""
