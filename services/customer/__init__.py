"""The customer service: accounts, orders, payments and the judgements about a customer."""
