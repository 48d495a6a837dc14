"""The channels service: partners, agreements, rebates and the commercial terms."""
