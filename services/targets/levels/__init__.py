"""Values that are read off a day instead of summed over days: customers by their stages, shares of markets."""
