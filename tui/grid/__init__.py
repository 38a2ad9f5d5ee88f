"""The grid: every terminal at once, in tiles."""
