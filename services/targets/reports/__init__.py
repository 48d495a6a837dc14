"""Reports: what stood at the end of a business period, kept for ever."""
