"""The directory of customer's accounts: where each is, what it does, who answers for it."""
