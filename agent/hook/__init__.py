"""The permission hooks of other makers' agents: what they ask passes our gate, or theirs stands."""
