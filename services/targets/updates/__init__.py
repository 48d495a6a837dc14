"""Targets whose value changed say so, at most once a minute."""
