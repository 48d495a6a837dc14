"""Answers that the gateway makes out of those of several services."""
