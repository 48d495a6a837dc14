"""Results beside the net of orders: cash, visits, closed opportunities and answers, credited in the ledger."""
