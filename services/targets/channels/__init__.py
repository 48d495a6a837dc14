"""Channels of sales: a dimension of what was credited."""
