"""Usage: what agents used of tokens, money and the person's time, and their budgets."""
